"""What leaves as files: complete, explained, and without anything that leads to a person."""

import io
import json

import pandas as pd
import pytest

from core.errors import PenumbraError
from core.study.analysis import export, results, simulate
from core.study.analysis.results import COLUMNS
from core.study.participation import taking
from tests.study import sample_study
from tests.study.taken import takes

SMALL = {"questions": 4, "people": 6, "attention": 1, "target": 40}
FORMULA = "=HYPERLINK(0)"


@pytest.fixture
def study(database):
    name = sample_study.open_study(settings=2, title=FORMULA, **SMALL)
    takes(name, panel_id="panel-b")
    takes(name, lambda item: 1, panel_id=FORMULA, questions=3)
    simulate.simulate(name, 1, 1.0, seed=1)
    return name


def read(content):
    return pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")


def test_both_formats_hold_the_answers(study, tmp_path):
    expected = results.answers(study)
    expected["answered"] = expected["answered"] // 3600 * 3600
    for format in export.FORMATS:
        paths = export.export(study, tmp_path / format / "deeper", format)
        assert [path.exists() for path in paths] == [True] * 3
        if format == "parquet":
            pd.testing.assert_frame_equal(pd.read_parquet(paths[0]), expected)
        else:
            pd.testing.assert_frame_equal(
                read(paths[0].read_bytes()).astype(expected.dtypes), expected
            )


def test_every_column_is_in_the_data_dictionary_with_its_type(study):
    written = export.files(study)
    answers, columns = (read(content) for content in list(written.values())[:2])
    assert columns["column"].tolist() == list(answers)
    assert columns["type"].tolist() == results.answers(study).dtypes.astype(str).tolist()
    assert columns["meaning"].str.split().str.len().min() >= 5
    assert columns["unit"].notna().all()


def test_nothing_in_the_files_leads_to_a_person(study):
    written = export.files(study)
    everything = b"".join(written.values())
    for secret in (b"panel-b", b"token", b"hash"):
        assert secret not in everything
    answers = read(next(iter(written.values())))
    assert (answers["answered"] % 3600 == 0).all()
    assert set(answers) == set(COLUMNS)


def test_who_withdrew_is_in_no_file_and_is_counted(study):
    gone = takes(study, panel_id="gone")
    taking.withdraw(study, taking.withdrawal_code(gone))
    written = export.files(study)
    assert set(read(next(iter(written.values())))["participant"]) == {1, 2}
    assert json.loads(list(written.values())[2])["withdrawn"] == 1
    assert "gone" not in set(export.panel_ids(study)["panel_id"])


def test_the_record_says_what_was_asked_and_what_made_it(study):
    record = json.loads(list(export.files(study).values())[2])
    assert record["design"]["questions"] == 4
    assert record["people"] == {"began": 2, "finished": 1}
    assert record["simulated"] == {"began": 1, "finished": 1}
    assert record["answers_of"] == "people"
    assert record["title"] == FORMULA  # JSON holds texts as they are
    assert len(record["made_by"]["code"]) == 64


def test_simulated_answers_are_called_so(study):
    written = export.files(study, simulated=True)
    assert all("-simulated-" in name for name in written)
    assert set(read(next(iter(written.values())))["participant"]) == {3}
    assert json.loads(list(written.values())[2])["answers_of"] == "simulated"


def test_panel_ids_come_apart_and_cannot_be_joined_to_answers(study):
    table = export.panel_ids(study)
    assert list(table) == ["panel_id", "finished"]
    assert table["panel_id"].tolist() == sorted([FORMULA, "panel-b"])
    assert table.set_index("panel_id")["finished"].to_dict() == {FORMULA: False, "panel-b": True}


def test_what_cannot_be_written_or_asked_for_says_so(study, tmp_path):
    with pytest.raises(PenumbraError, match="csv or parquet"):
        export.files(study, "xlsx")
    with pytest.raises(PenumbraError, match="no study"):
        export.export("nobody", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(PenumbraError, match="choose another folder"):
        export.export(study, tmp_path / "file")


def test_a_study_without_answers_is_written_with_its_columns(database):
    written = export.files(sample_study.open_study(settings=1, **SMALL))
    assert list(read(next(iter(written.values())))) == list(COLUMNS)
