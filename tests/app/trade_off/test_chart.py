"""Figures: what they hold, and that nothing jumps."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.charts.palette import DARK
from app.page import tables
from app.settings import outcomes, points, unprotected
from app.settings.views import View
from app.trade_off import chart, marks, protocols

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture(scope="module")
def table(findings):
    bare = unprotected.reference(unprotected.references(findings, VIEW), "deep_obfuscator")
    return unprotected.compared(outcomes.settings(findings, VIEW), bare)


def draw(table, chosen=None, **more):
    return chart.trade_off(table, points.lines(points.records(table)), chosen, VIEW, **more)


def test_every_setting_is_a_point_that_knows_its_key(table):
    figure = draw(table)
    keys = [key for trace in figure.data for key in trace.customdata or ()]
    assert set(keys) == set(table["key"])
    row = table.iloc[0]
    trace = next(t for t in figure.data if row["key"] in (t.customdata or ()))
    at = list(trace.customdata).index(row["key"])
    assert trace.x[at] == pytest.approx(row["gain"] * 100)
    assert trace.y[at] == pytest.approx(row["utility"] * 100)
    assert trace.x[at] + trace.error_x.array[at] == pytest.approx(row["gain_high"] * 100)
    assert trace.y[at] - trace.error_y.arrayminus[at] == pytest.approx(row["utility_low"] * 100)


def test_plotly_accepts_the_figure(table):
    figure = draw(table, table["key"].iloc[0], attack_limit=0.7, cost_limit=0.02, colour=DARK)
    assert len(go.Figure(figure.to_dict()).data) == len(figure.data)  # it raises on a bad property


def test_axes_do_not_move_with_the_chosen_point(table):
    figures = [draw(table, key, attack_limit=0.6) for key in table["key"]]
    assert len({figure.layout.xaxis.range for figure in figures}) == 1
    assert len({figure.layout.yaxis.range for figure in figures}) == 1


def test_axes_hold_all_intervals_and_guessing(table):
    (left, right), (bottom, top) = chart.ranges(table)
    assert left < min(0, table["gain_low"].min())
    assert right > table["gain_high"].max()
    assert bottom < table["utility_low"].min() * 100
    assert top > table["utility_high"].max() * 100


def test_the_chosen_point_is_large_and_labelled(table):
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 1, "lambda2": 1})
    figure = draw(table, row["key"])
    assert figure.data[-1].customdata == (row["key"],)
    assert figure.data[-1].marker.size > 15
    assert "<b>λ₁ = 1, λ₂ = 1</b>" in {note.text for note in figure.layout.annotations}


@pytest.mark.parametrize("method", ["original", "answer_only", "deep_obfuscator"])
def test_the_label_of_the_chosen_point_stays_inside_and_its_rim_is_lit(table, method):
    row = points.nearest(points.records(table), method, {})
    figure = draw(table, row["key"])
    note = next(n for n in figure.layout.annotations if n.showarrow)
    low, high = figure.layout.yaxis.range
    left, right = figure.layout.xaxis.range
    for width, height in marks.PLOTS:
        across = (note.x - left) / (right - left) * width + note.ax
        down = (high - note.y) / (high - low) * height + note.ay
        assert 14 <= down <= height - 14
        assert across > 60 + 110 or down > 12 + 20  # nor does it touch the place to be
    assert not figure.data[-1].marker.symbol.endswith("-open")


def test_limits_are_shaded(table):
    bare = points.nearest(points.records(table), "original", {})
    figure = draw(table, attack_limit=0.8, cost_limit=0.02)
    area = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert area.x1 == pytest.approx(30)
    assert area.y0 == pytest.approx((bare["utility"] - 0.02) * 100)
    assert not [shape for shape in draw(table).layout.shapes if shape.type == "rect"]


def test_a_limit_beyond_the_axes_stays_inside(table):
    area = next(
        s for s in draw(table, attack_limit=0.0, cost_limit=1.0).layout.shapes if s.type == "rect"
    )
    (left, _), (bottom, _) = chart.ranges(table)
    assert area.x1 == pytest.approx(left * 100)
    assert area.y0 == pytest.approx(bottom)


def test_a_weak_attack_says_so(findings):
    weak = outcomes.settings(findings.assign(conclusive=False), VIEW)
    assert all("too weak" in text for trace in draw(weak).data for text in trace.text)


def test_dark_and_light_differ_in_ink(table):
    key = table["key"].iloc[0]
    light, dark = draw(table, key), draw(table, key, colour=DARK)
    assert light.data[-1].marker.line.color != dark.data[-1].marker.line.color


def test_picture_axis_is_likeness_itself(findings):
    view = VIEW._replace(target="image")
    table = outcomes.settings(findings, view)
    figure = chart.trade_off(table, points.lines(points.records(table)), None, view)
    assert max(figure.layout.xaxis.range) < 1.5
    assert "MS-SSIM" in figure.layout.xaxis.title.text


def test_protocols_side_by_side(findings):
    pairs = tables.protocol_pairs(
        outcomes.settings(findings, VIEW),
        outcomes.settings(findings, VIEW._replace(protocol="paper")),
    )
    assert len(pairs) == 6
    assert (pairs["gone"] >= 0).all()
    figure = protocols.figure(pairs)
    strict = next(trace for trace in figure.data if trace.name == "strict")
    assert np.allclose(strict.x, pairs["strict"] * 100)
