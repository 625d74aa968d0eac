"""Charts of a study's answers."""

import numpy as np
import pandas as pd
import pytest

from app.charts.palette import DARK, LIGHT
from app.study import charts, verdict
from core.methods import METHODS
from core.results import describe
from core.run import Run
from core.run_validation import checked
from core.study.analysis import breakdown, results
from tests.study import made_up

RUNS = [
    checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": value, "lambda2": 1.0}))
    for value in (0.0, 5.0)
]
ABOUT = {run.id: describe(run) for run in RUNS}
ANSWERS = made_up.answers(settings=tuple(run.id for run in RUNS))


@pytest.fixture(scope="module")
def rows():
    return verdict.rows(results.summary(ANSWERS), ABOUT, "passed")


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_people_stand_with_their_intervals_weak_settings_on_top(rows):
    figure = charts.accuracy(rows, results.reference(), same=False)
    people = trace(figure, "people")
    assert list(people.x) == [row["share"] * 100 for row in rows]
    assert people.y[0] > people.y[1]
    assert list(people.error_x.array) == pytest.approx(
        [100 * (r["high"] - r["share"]) for r in rows]
    )
    assert people.marker.color == METHODS["deep_obfuscator"].color
    lines = {round(shape.x0, 6): shape.line.dash for shape in figure.layout.shapes}
    assert lines == {25: "dot", 28: None}
    assert {note.text for note in figure.layout.annotations} == {
        "guessing",
        "DeepObfuscator's own study",
    }


def test_the_machine_stands_beside_people_where_it_says_something(rows):
    figure = charts.accuracy(rows, None, same=False)
    machine = trace(figure, verdict.MACHINE_WORDS["machine_release"][0])
    assert list(machine.x) == [row["machine_release"] * 100 for row in rows]
    assert verdict.MACHINE_WORDS["machine_picture"][0] not in {t.name for t in figure.data}
    assert [t.name for t in charts.accuracy(rows, None, same=True).data] == ["people"]
    assert len(figure.layout.shapes) == 1


def test_settings_without_answers_keep_their_line(rows):
    empty = dict(rows[1]) | {"n": 0, "share": np.nan, "machine_release": np.nan}
    figure = charts.accuracy([rows[0], empty], None, same=False)
    assert len(figure.layout.yaxis.tickvals) == 2
    assert len(trace(figure, "people").x) == 1
    assert "no answers" in charts.accuracy_alt([rows[0], empty], same=False)


def test_a_run_that_is_gone_is_grey(rows):
    gone = [dict(row) | {"method": None, "title": row["setting"]} for row in rows]
    assert (
        trace(charts.accuracy(gone, None, same=True), "people").marker.color
        != METHODS["deep_obfuscator"].color
    )


def test_long_labels_are_broken_for_phones():
    label = "DeepObfuscator, λ₁ = 1, λ₂ = 1, picture redrawer (residual network)"
    lines = charts._wrapped(label).split("<br>")
    assert len(lines) > 1
    assert " ".join(lines) == label


def test_choices_of_a_face_come_to_all_of_its_answers():
    table = breakdown.faces(ANSWERS)
    table = table[table["setting"] == RUNS[0].id]
    figure = charts.choices(table)
    total = np.sum([bar.x for bar in figure.data], axis=0)
    assert total == pytest.approx(np.full(len(table), 100))
    assert list(figure.data[0].x) == pytest.approx((100 * table["share"]).tolist())


def test_of_many_faces_both_ends_are_shown():
    table = breakdown.faces(made_up.answers(people=300, faces=100, settings=(RUNS[0].id,)))
    shown = charts.choices(table).data[0].y
    assert len(shown) == charts.MOST_FACES
    assert shown[0] == f"person {table['person'].iloc[0]}"
    assert shown[-1] == f"person {table['person'].iloc[-1]}"


def test_every_participant_is_in_one_bar():
    people = breakdown.participants(ANSWERS)
    figure = charts.participants(people, 0.25)
    assert sum(figure.data[0].y) == len(people)
    assert sum(figure.data[1].y) == pytest.approx(len(people))


def test_times_of_right_and_wrong_answers_are_shares_of_each():
    figure = charts.times(results.counted(ANSWERS))
    assert [trace.name.partition(" ")[0] for trace in figure.data] == ["right", "wrong"]
    for drawn in figure.data:
        assert sum(drawn.y) == pytest.approx(100)
    slow = results.counted(ANSWERS).assign(milliseconds=3_600_000)
    assert sum(charts.times(slow).data[0].y) == pytest.approx(100)


def test_sureness_runs_from_guessed_to_sure():
    table = breakdown.calibration(ANSWERS)
    figure = charts.calibration(table, 0.25)
    assert list(figure.data[0].x) == [1, 2, 3, 4, 5]
    assert list(figure.data[0].y) == pytest.approx((100 * table["share"]).tolist())


@pytest.mark.parametrize("colour", [LIGHT, DARK])
def test_all_charts_are_drawn_on_both_grounds(rows, colour):
    for figure in (
        charts.accuracy(rows, results.reference(), False, colour),
        charts.choices(breakdown.faces(ANSWERS), colour),
        charts.participants(breakdown.participants(ANSWERS), 0.25, colour),
        charts.times(results.counted(ANSWERS), colour),
        charts.calibration(breakdown.calibration(ANSWERS), 0.25, colour),
    ):
        assert figure.to_json()
        assert isinstance(figure.data, tuple)
        assert len(figure.data) > 0


def test_a_single_answer_can_be_drawn():
    one = pd.DataFrame(ANSWERS[ANSWERS["role"] == "question"].head(1))
    assert charts.choices(breakdown.faces(one)).data
    assert charts.participants(breakdown.participants(one), 0.25).data
    assert charts.times(one).data
