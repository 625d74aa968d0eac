"""What is impossible is nowhere claimed too early, and the best proven setting is found between knots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import mixtures, outcomes, points, unprotected
from app.settings.views import View
from app.trade_off import chart, goal, possible, proven_marks
from app.trade_off.goal import Limits
from app.trade_off.possible import Possible
from core import results
from core.certificates import labels
from core.errors import PenumbraError
from tests.certified_folders import FLOOR, FRONTIER, METHOD, arrays, bound, write_certified
from tests.checkpoint_folders import populate

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
LINE = Possible(FLOOR, FRONTIER)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    root = tmp_path_factory.mktemp("certified")
    populate(root)
    write_certified(root)
    findings = results.findings(root)
    bare = unprotected.reference(unprotected.references(findings, VIEW), METHOD)
    return unprotected.compared(outcomes.settings(findings, VIEW), bare)


@pytest.fixture(scope="module")
def rows(table):
    return points.records(table)


def draw(table, **more):
    return chart.trade_off(table, points.lines(points.records(table)), None, VIEW, **more)


@given(
    st.lists(st.floats(0.01, 0.2), min_size=3, max_size=8),
    st.lists(st.floats(0.0, 3.0), min_size=8, max_size=8),
    st.floats(0, 1),
)
def test_what_is_shaded_lies_above_every_concave_line_through_the_points(steps, slopes, share):
    """A frontier with a bend anywhere between two computed points stays below the shaded region."""
    x = np.concatenate(([0.5], 0.5 + np.cumsum(steps)))
    falling = np.sort(slopes)[::-1][: len(steps)]
    fine = np.linspace(x[0], x[-1], 400)
    bends = x[:-1] + share * np.diff(x)  # where the true line changes its slope

    def true(at):
        start = np.concatenate(([x[0]], bends))
        ends = np.concatenate((bends, [np.inf]))
        each = np.concatenate(([falling[0]], falling))
        rise = np.clip(at[:, None] - start, 0, ends - start)
        rise = np.where(np.isinf(rise), np.maximum(at[:, None] - start, 0), rise)
        return 0.4 + (rise * each).sum(1) * 0.1

    whole = true(x)
    if whole.max() > 1:
        whole, top = whole / whole.max(), whole.max()
    else:
        top = 1.0
    found = Possible(0.6, np.stack([x, whole], 1))
    told = np.array([found.best(at) for at in fine])
    assert (told >= true(fine) / top - 1e-9).all()


def test_at_the_points_themselves_it_is_exact():
    for attack, utility in FRONTIER[1:]:
        assert LINE.best(attack) == pytest.approx(utility)
    assert LINE.best(0.51) >= 0.94  # the chord from .5 to .52


def test_a_line_that_was_counted_is_read(tmp_path):
    rng = np.random.default_rng(0)
    secret = rng.integers(0, 2, 400)
    tasks = np.where(rng.random(400) < 0.3, secret, rng.integers(0, 2, 400))[:, None]
    floor, line = labels.frontier(tasks, secret, np.arange(400))
    found = possible.read(
        {"names": np.array(["Male"]), "floors": np.array([floor]), "frontiers": line[None]}, "Male"
    )
    assert found.floor == pytest.approx(floor)
    assert found.best(floor) == pytest.approx(1, abs=1e-6)
    assert found.best(0.5) < 1


@pytest.mark.parametrize(
    "changes",
    [
        {"floors": np.array([])},
        {"frontiers": np.zeros((1, 3))},
        {"frontiers": np.full((1, 4, 2), np.nan)},
        {"frontiers": FRONTIER[None, ::-1]},
        {"frontiers": FRONTIER[None] * 5},
    ],
)
def test_a_damaged_line_is_refused(changes):
    with pytest.raises(PenumbraError):
        possible.read(arrays() | changes, "Male")


def test_of_another_secret_nothing_is_said():
    assert possible.read(arrays(), "Young") is None
    assert possible.read({}, "Male") is None
    assert not possible.asked_of(VIEW._replace(target="attribute:Male,Young"))
    assert not possible.asked_of(VIEW._replace(service="auc"))
    assert not possible.asked_of(VIEW._replace(target="image"))


def test_the_best_proven_line_goes_through_knots_and_between_them(rows):
    line = dict(possible.best_proven(rows))
    above, below = (mixtures.at(rows, METHOD, {"tau": tau}) for tau in (0.1, 0.05))
    assert line[above["proven"]] == pytest.approx(above["utility"])
    between = [x for x in line if below["proven"] < x < above["proven"]]
    assert between
    for x in between:
        share = (x - below["proven"]) / (above["proven"] - below["proven"])
        assert line[x] >= share * above["utility"] + (1 - share) * below["utility"] - 1e-9
    assert list(line.values()) == sorted(line.values())


def test_a_limit_between_knots_is_met_exactly_and_never_missed(rows):
    limit = (bound(0.1) + bound(0.05)) / 2
    row = possible.within(rows, limit, None, "cost")
    assert 0.05 < row["knob:tau"] < 0.1
    assert limit - 1e-4 < row["proven"] <= limit
    assert float(f"{row['knob:tau']:g}") == row["knob:tau"]  # the address holds it


def test_both_limits_have_to_be_kept(rows):
    loose = possible.within(rows, 0.6, None, "cost")
    assert loose["proven"] <= 0.6
    lost = possible.within(rows, None, 0.03, "cost")
    assert lost["cost"] <= 0.03
    assert lost["proven"] == min(
        row["proven"] for row in [*rows, lost] if row["method"] == METHOD and row["cost"] <= 0.03
    )
    assert possible.within(rows, 0.5, None, "cost") is None


def test_the_bar_reaches_from_the_measured_to_the_proven(table, rows):
    figure = draw(table, possible=LINE)
    named = {trace.name: trace for trace in figure.data if trace.showlegend is not False}
    ends = named[proven_marks.BOUND]
    bars = next(t for t in figure.data if t.name == proven_marks.BOUND and t.mode == "lines")
    row = next(row for row in rows if row["key"] == ends.customdata[0])
    assert bars.x[:2] == pytest.approx(((row["value"] - 0.5) * 100, (row["proven"] - 0.5) * 100))
    assert "no attacker beyond" in ends.text[0]
    assert "strongest trained" in ends.text[0]
    measured = next(t for t in figure.data if row["key"] in (t.customdata or ()) and t is not ends)
    assert "(proven)" in measured.text[list(measured.customdata).index(row["key"])]
    assert max(figure.layout.xaxis.range) > max(ends.x)
    assert proven_marks.BEST in named
    assert proven_marks.IMPOSSIBLE in named


def test_the_shaded_region_begins_at_the_frontier(table):
    shape = draw(table, possible=LINE).data[0]
    assert shape.name == proven_marks.IMPOSSIBLE
    corners = [(round(x, 6), round(y, 6)) for x, y in zip(shape.x, shape.y, strict=True)]
    assert (5.0, 98.0) in corners
    assert min(shape.y) == pytest.approx(93)
    assert max(shape.y) <= 100


def test_where_nothing_is_proven_the_chart_is_as_it_was(table):
    bare = table[table["method"] != METHOD]
    names = {trace.name for trace in draw(bare).data}
    assert not names & {proven_marks.BOUND, proven_marks.BEST, proven_marks.IMPOSSIBLE}


def test_a_mixture_is_drawn_on_the_line_between_its_two(table, rows):
    row = mixtures.at(rows, METHOD, {"tau": 0.08})
    figure = chart.trade_off(
        table, points.lines(rows), row["key"], VIEW, between=row, possible=LINE
    )
    chosen = figure.data[-1]
    assert chosen.customdata == (row["key"],)
    assert chosen.x[0] == pytest.approx(row["gain"] * 100)
    assert "<b>τ = 0.08</b>" in {note.text for note in figure.layout.annotations}
    assert row["key"] not in {k for t in figure.data[:-1] for k in t.customdata or ()}


def test_a_limit_beyond_the_frontier_is_said_to_be_impossible(rows):
    row = next(row for row in rows if row["method"] == METHOD)
    bare = row["utility"] + row["cost"]
    steep = Possible(FLOOR, FRONTIER * np.array([1, bare]) - np.array([0, 0.0]))
    said = goal.out_of_reach(steep, row, Limits(0.5, 0.01, True), VIEW)
    assert said.startswith(
        "Impossible: the true answers of smile detection alone tell the gender in 57.0 %"
    )
    assert "you allow 1.0 point" in said
    said = goal.out_of_reach(steep, row, Limits(0.5, None, True), VIEW)
    assert said.startswith("The true answers")
    assert "whatever the method" in said
    assert goal.out_of_reach(steep, row, Limits(0.6, 0.01, True), VIEW) == ""
    assert goal.out_of_reach(None, row, Limits(0.5, 0.01, True), VIEW) == ""


def test_the_goal_names_the_best_that_is_proven(rows):
    found = goal.with_proof(rows, Limits(0.56, None, False), VIEW)
    assert found.kept
    assert "best proven setting is Certified answers, τ = 0.0" in found.sentence
    assert "no attacker exceeds 56.0 %" in found.sentence
    nearest = goal.with_proof(rows, Limits(0.51, None, False), VIEW)
    assert not nearest.kept
    assert "τ = 0: no attacker exceeds 53.0 %" in nearest.sentence
    others = [row for row in rows if row["method"] != METHOD]
    nothing = goal.with_proof(others, Limits(0.56, None, False), VIEW)
    assert nothing.row is None
    assert nothing.sentence == "Nothing is proven here: a stronger attacker may learn more."


def test_the_chosen_setting_has_a_bar_of_its_own_also_between_two(table, rows):
    for tau in (0.1, 0.08):
        row = mixtures.at(rows, METHOD, {"tau": tau})
        between = row if mixtures.is_mixture(row) else None
        figure = chart.trade_off(table, points.lines(rows), row["key"], VIEW, between=between)
        bar = figure.data[-2]
        assert bar.x == pytest.approx((row["gain"] * 100, (row["proven"] - 0.5) * 100))
        assert set(bar.y) == {row["utility"] * 100}
    bare = points.nearest(rows, "deep_obfuscator", {})
    names = [trace.name for trace in chart.trade_off(table, [], bare["key"], VIEW).data]
    assert names.count(proven_marks.BOUND) == 2  # of the certified ones alone


def test_words_in_the_corner_stand_above_what_is_impossible(table):
    figure = draw(table, possible=LINE)
    bottom, top = figure.layout.yaxis.range
    assert (top - 100) / (top - bottom) > 0.1
    assert any("grey: impossible" in (note.text or "") for note in figure.layout.annotations)
    assert figure.layout.yaxis.range[1] != draw(table).layout.yaxis.range[1]
    assert any("the place to be" in (note.text or "") for note in draw(table).layout.annotations)
