"""The papers' own numbers: all there, each complete, some looked up by hand."""

import csv
import io
import subprocess
import sys
from collections import Counter

import pytest

from core import published as papers
from core.__main__ import main
from core.errors import PenumbraError
from core.methods import METHODS
from core.metrics import METRICS as OURS
from core.published import COLUMNS, FILE, PAPERS, number, published
from core.run import ROOT

NO_LAMBDA = {"lambda1": 0.0, "lambda2": 0.0}


def test_every_table_and_section_has_all_its_numbers():
    found = Counter((row["paper"], row["place"].split(",")[0]) for row in published())
    assert found == {
        ("pric", "Section 3.1"): 2,
        ("pric", "Section 3.2"): 13,
        ("pric", "Section 4"): 3,
        ("deep_obfuscator", "Abstract"): 5,
        ("deep_obfuscator", "Section 1"): 3,
        ("deep_obfuscator", "Section 4.1"): 2,
        ("deep_obfuscator", "Table 2"): 1,
        ("deep_obfuscator", "Table 3"): 4,
        ("deep_obfuscator", "Table 4"): 2 * 3,
        ("deep_obfuscator", "Section 4.4"): 4,
        ("deep_obfuscator", "Section 4.5"): 13,
        ("deep_obfuscator", "Section 5"): 4,
        ("aia", "Section 5.1"): 1,
        ("aia", "Table 1"): 4 * 4,
        ("adversarial_reconstruction", "Dataset and Experimental Setup"): 2,
        ("adversarial_reconstruction", "More Data"): 3,
        ("adversarial_reconstruction", "Table 1"): 10 * 5 + 2,
        ("adversarial_reconstruction", "Table 2"): 7 * 5,
        ("adversarial_reconstruction", "Table 3"): 5 * 6 * 2,
        ("dpfe", "Section 4.2"): 1,
        ("dpfe", "Section 6.2"): 10,
        ("dpfe", "Section 6.4"): 12,
        ("dpfe", "Table 1"): 2,
    }
    assert {paper for paper, _ in found} == set(PAPERS)


def test_every_row_is_complete_and_none_is_there_twice():
    rows = published()
    for row in rows:
        assert set(row) == {*COLUMNS, "value"}
        assert row["place"]
        assert row["dataset"]
        if row["role"] in ("utility", "private") and row["protocol"].startswith("trained"):
            assert row["attacker"], row
        if row["target"].startswith("attribute:"):
            owner = row["tasks"] if row["role"] == "utility" else row["private"]
            assert row["target"].partition(":")[2] in owner, row
    names = ("paper", "place", "label", "dataset", "target", "metric", "setting", "method")
    keys = [(*(row[name] for name in names), tuple(row["knobs"].items())) for row in rows]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_names_are_the_projects_own():
    assert {row["method"] for row in published()} == set(papers.METHODS) <= set(METHODS)
    for row in published():
        method = METHODS[row["method"]]
        assert set(row["knobs"]) <= {knob.name for knob in method.knobs}, row
        assert set(row["schedule"]) <= set(method.presets["paper"]["schedule"]), row
    scores = {"accuracy", "mcc"}
    assert scores <= set(OURS)
    assert scores | {"ms_ssim", "ssim", "psnr", "top1_accuracy"} <= set(papers.METRICS)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        # as METHODS.md and the papers' own text quote them
        ({"paper": "pric", "method": "original", "target": "attribute:Young"}, 0.8303),
        ({"paper": "pric", "knobs": {"lambda": 10.0}, "target": "attribute:Young"}, 0.711),
        ({"paper": "pric", "target": "attribute:Heavy_Makeup"}, 0.0355),
        ({"place": "Table 4", "label": "DeepObfuscator", "metric": "psnr"}, 6.32),
        ({"place": "Table 4", "method": "noisy_features", "metric": "ms_ssim"}, 0.7263),
        ({"place": "Table 3", "label": "ResRec"}, 0.3169),
        ({"place": "Section 4.5, Figure 7(c)"}, 0.6396),
        ({"place": "Section 4.4", "metric": "top1_accuracy"}, 0.28),
        ({"paper": "deep_obfuscator", "metric": "released_numbers"}, 304128),
        ({"label": "AIA\\T", "dataset": "VGG Face", "target": "verification"}, 0.6629),
        ({"label": "AIA", "dataset": "CelebA", "target": "attribute:Male"}, 0.6496),
        ({"place": "Table 1", "label": "#4", "metric": "face_similarity"}, 0.513),
        ({"place": "Table 1", "label": "#8", "metric": "psnr"}, 13.334),
        ({"place": "Table 1", "label": "#10", "target": "attribute:Smiling"}, 0.862),
        ({"place": "Table 2", "label": "10", "metric": "mcc"}, 0.0),
        ({"place": "Table 2", "label": "3", "metric": "feature_similarity"}, 0.568),
        ({"label": "Conv2 w/ adv", "metric": "within_class_variance"}, 1523.31),
        ({"label": "FC Layer w/o adv", "metric": "lda_score"}, 2.58),
        ({"method": "aia_random", "dataset": "VGG Face", "target": "attribute:Male"}, 0.5134),
        ({"schedule": {"layer": 1.0}, "knobs": NO_LAMBDA, "metric": "mcc"}, 0.65),
        ({"schedule": {"cut": 3.0}, "metric": "memory_increase"}, 0.3505),
        ({"paper": "dpfe", "metric": "identities"}, 608),
        ({"paper": "dpfe", "label": "conv6-1", "metric": "memory_increase"}, 0.221),
    ],
)
def test_spot_values(where, value):
    rows = [r for r in published() if all(r[name] == wanted for name, wanted in where.items())]
    assert [row["value"] for row in rows] == [pytest.approx(value)]


def test_contradictions_are_noted():
    table3 = [
        row for row in published() if row["place"] == "Table 3" and row["metric"] == "lda_score"
    ]
    variances = {
        (r["label"], r["metric"]): r["value"] for r in published() if r["place"] == "Table 3"
    }
    for row in table3:
        between = variances[row["label"], "between_class_variance"]
        ratio = between / variances[row["label"], "within_class_variance"]
        consistent = abs(ratio - row["value"]) < 0.01
        assert consistent == (row["note"] == ""), row
    text = [row for row in published() if row["place"] == "More Data" and row["role"] == "private"]
    assert [row["printed"] for row in text] == ["0.851", "0.865"]
    assert all("Table 1" in row["note"] for row in text)
    reported = {
        r["label"]: r
        for r in published()
        if r["place"] == "Table 1" and r["metric"] == "face_similarity"
    }
    assert (reported["#1"]["value"], reported["#5"]["value"]) == (0.551, 0.594)
    assert "0.851" in reported["#1"]["note"]


@pytest.mark.parametrize(
    ("printed", "unit", "value"),
    [
        ("%78.01", "percent", 0.7801),
        ("around 18%", "percent", 0.18),
        ("160K", "number", 160_000),
        ("10k", "number", 10_000),
        ("54×44×128", "number", 304128),
        ("(0.851)", "number", 0.851),
        ("2,622", "number", 2622),
    ],
)
def test_printed_numbers_are_read(printed, unit, value):
    assert number(printed, unit) == pytest.approx(value)


@pytest.mark.parametrize("printed", ["", "much", "1 2", "0.5 of 3", "-"])
def test_what_is_no_number_is_refused(printed):
    with pytest.raises(PenumbraError, match="not one number"):
        number(printed, "number")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("printed", "twelve", "not one number"),
        ("printed", "783.03%", "outside"),
        ("metric", "accurracy", "none of"),
        ("method", "priq", "none of"),
        ("protocol", "strict", "none of"),
        ("unit", "", "none of"),
        ("place", "", "empty"),
        ("target", "attribute Male", "no target"),
        ("knobs", "lambda", "NAME=NUMBER"),
    ],
)
def test_a_damaged_row_is_named(tmp_path, column, value, message):
    with open(FILE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    place = next(i for i, row in enumerate(rows) if row["printed"] == "83.03%")
    rows[place][column] = value
    broken = tmp_path / "results.csv"
    with open(broken, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(PenumbraError, match=message) as raised:
        papers._rows(broken)
    assert f"row {place + 2}" in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"paper,place\n1,2\n", b"\xff\xfe"])
def test_a_foreign_file_is_refused(tmp_path, content):
    broken = tmp_path / "results.csv"
    broken.write_bytes(content)
    with pytest.raises(PenumbraError):
        papers._rows(broken)


def test_callers_cannot_change_what_others_read():
    published()[0]["knobs"]["lambda"] = 7.0
    published()[0]["value"] = -1.0
    assert published()[0]["value"] == 160_000
    assert published()[0]["knobs"] == {}


def test_the_command_prints_one_line_per_number_and_all_columns(capsys):
    assert main(["published", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == len(published())
    assert rows[0]["knobs"] == ""
    assert {row["value"] for row in rows} >= {"0.7801", "6.32"}
    assert main(["published", "--method", "aia"]) == 0
    shown = capsys.readouterr().out
    assert "%64.96" in shown
    assert "0.3175" not in shown
    assert main(["published", "--method", "blur"]) == 2
    assert "nothing is published of 'blur'" in capsys.readouterr().err


def test_reading_needs_neither_torch_nor_pandas():
    script = (
        "import sys\nfrom core.published import published\nassert len(published()) > 200\n"
        "assert not {'torch', 'pandas', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
