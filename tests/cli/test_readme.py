"""What the README says is so: its tables, its commands, its length."""

import pandas as pd
import pytest

from bench.findings_tables import (
    ANSWER,
    FIRST,
    Row,
    at_most,
    both,
    chosen,
    decimals,
    fresh_gender,
    named,
    proven_gender,
    tables,
    trainings,
)
from core import results
from core.run import ROOT


def test_every_line_of_the_tables_is_what_the_checkpoints_hold():
    for document, table in tables():
        lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
        plain = [line.replace("**", "") for line in lines]
        for line in table:
            assert line in plain, f"{document}: print it again with python -m bench.findings_tables"


def test_the_sentence_about_photographs_of_people_is_what_was_measured():
    table = results.findings(ROOT / "checkpoints")
    table = table[table["dataset"] == "celeba_64"]
    rows = (
        Row("", "deep_obfuscator", {"lambda1": 1, "lambda2": 1}),
        Row("", "original"),
        Row("", "answer_only"),
    )
    behind, bare, answer = (decimals(fresh_gender(chosen(table, row))) for row in rows)
    sentence = f"gender {behind} behind DeepObfuscator, {bare} without protection, {answer} from the answer"
    assert sentence in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_sentence_about_three_trainings_is_what_was_measured():
    table = results.findings(ROOT / "checkpoints")
    found = trainings(table[table["dataset"] == "synthetic"], FIRST[1])
    each = [fresh_gender(mine) for _, mine in found.groupby("seed")]
    assert len(each) == 3
    sentence = f"(in three trainings {decimals(min(each))} to {decimals(max(each))})"
    assert sentence in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_sentences_about_answers_are_what_was_measured():
    table = results.findings(ROOT / "checkpoints")
    table = table[table["dataset"] == "synthetic"]
    found = trainings(table, ANSWER)
    each = [fresh_gender(mine) for _, mine in found.groupby("seed")]
    assert len(each) == 3
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"({decimals(min(each))} to {decimals(max(each))} in three trainings)" in text
    row = next(row for row in FIRST if row.method == "certified_code" and row.release == 0.1)
    bound = proven_gender(chosen(table, row))
    assert bound is not None
    assert f"in more than {at_most(100 * bound, 1)} % of cases" in text
    assert at_most(0.5441) == ".545"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_numbers_are_written_as_in_the_tables():
    assert decimals(0.9581) == ".958"
    assert decimals(1.0) == "1.000"
    assert decimals(None) == "–"
    assert both(None, 0.5) == "– / .500"
    assert both(0.4, None) == "–"
    found = pd.DataFrame(
        {
            "attacker": ["worst_case"],
            "protocol": ["strict"],
            "target": ["identity"],
            "metric": ["top1_accuracy"],
            "value": [0.0123],
        }
    )
    assert named(found) == "1.2 %"
    assert named(found.assign(value=0.965)) == "96 %"


def test_a_setting_that_is_not_there_is_named():
    columns = ["method", "tasks", "schedule", "release_value", "run_id", "seed"]
    with pytest.raises(LookupError, match="unprotected features: 0 runs"):
        chosen(pd.DataFrame(columns=columns), FIRST[0])
