"""What protection costs the device: joining, words, chart."""

import math

import pandas as pd
import pytest

from app.evidence import device_cost
from app.settings import outcomes, points, unprotected
from app.settings.views import View
from core.run import Run
from core.run_validation import checked
from core.storage import cost_file
from tests.checkpoint_folders import LAMBDA1, write_cost

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """Of DeepObfuscator (λ₂ = 1; busy at λ₁ = 5) and the noise baseline, which has no network."""
    root = tmp_path_factory.mktemp("costs")
    rows = []
    for lambda1 in LAMBDA1:
        run = checked(
            Run("deep_obfuscator", "synthetic", knobs={"lambda1": lambda1, "lambda2": 1.0})
        )
        folder = root / run.id
        folder.mkdir()
        waited = 0.4 if lambda1 == 5 else 0.0
        times = {"milliseconds_low": 0.9, "milliseconds_high": 9.0, "share_waited": waited}
        write_cost(folder, milliseconds=1.0 + lambda1, **times)
        rows += cost_file.rows(folder)
    folder = root / checked(Run("image_noise", "synthetic")).id
    folder.mkdir()
    nothing = {"parameters": 0, "multiply_adds": 0, "share_of_multiply_adds": None}
    write_cost(folder, (0.2, 0.4, 0.8), milliseconds=0.05, released_bytes=36_000, **nothing)
    return pd.DataFrame(rows + cost_file.rows(folder))


@pytest.fixture(scope="module")
def table(findings, costs):
    settings = outcomes.settings(findings, VIEW)
    bare = unprotected.reference(unprotected.references(findings, VIEW), "deep_obfuscator")
    return device_cost.joined(unprotected.compared(settings, bare), costs)


def row(table, **knobs):
    return next(
        r for r in points.records(table) if all(r[f"knob:{k}"] == v for k, v in knobs.items())
    )


def test_each_setting_gets_the_cost_of_its_own_run_and_release_value(findings, table, costs):
    assert len(table) == len(outcomes.settings(findings, VIEW))
    found = table[table["milliseconds"].notna()]
    assert sorted(found["milliseconds"]) == [0.05, 0.05, 0.05, 1.0, 2.0, 6.0]
    assert row(table, lambda1=1, lambda2=1)["milliseconds"] == 2.0
    other = device_cost.joined(table[["run_id", "release_value"]], costs.assign(release_value=7.0))
    assert other["milliseconds"].isna().all()


def test_nothing_measured_at_all(findings):
    bare = device_cost.joined(outcomes.settings(findings, VIEW), pd.DataFrame())
    assert bare["milliseconds"].isna().all()
    assert not any(map(device_cost.measured, points.records(bare)))
    assert device_cost.sentence(points.records(bare)[0]).endswith(
        "was not measured at this setting."
    )
    assert device_cost.small_print(points.records(bare)[0]) == ""


def test_the_sentences(table):
    assert device_cost.sentence(row(table, lambda1=1, lambda2=1)) == (
        "DeepObfuscator takes 2.0 ms of a processor core and sends 2.0 kB per photograph instead of "
        "9.0 kB."
    )
    assert device_cost.sentence(row(table, sigma=0.4)) == (
        "Noise on the picture takes 0.050 ms of a processor core and sends 36 kB per photograph, 4.0 "
        "times the photograph itself (9.0 kB)."
    )
    assert device_cost.small_print(row(table, lambda1=1, lambda2=1)) == (
        "Measured on one core of a laptop, torch 2.0: 100 releases, half of them between 0.90 ms and "
        "9.0 ms; a phone's processor is another. The photograph: median of 5 stored files. The "
        "device computes 69 % of the whole network."
    )
    assert "of the whole network" not in device_cost.small_print(row(table, sigma=0.4))


def test_a_busy_machine_is_said(table):
    busy = row(table, lambda1=5, lambda2=1)
    assert device_cost.warning(busy).startswith("The processor did other work in 40 % of the time")
    assert device_cost.warning(busy).endswith(f"python -m core cost {busy['run_id']}")
    assert device_cost.warning(row(table, lambda1=1, lambda2=1)) == ""


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("milliseconds", 0.0567, "0.057 ms"),
        ("milliseconds", 26.4, "26 ms"),
        ("bytes", 40, "40 bytes"),
        ("bytes", 999.9, "1.0 kB"),
        ("bytes", 2578, "2.6 kB"),
        ("bytes", 1_556_420, "1.6 MB"),
        ("count", 956, "956"),
        ("count", 25_362_432, "25 million"),
        ("count", 0, "none"),
        ("count", math.nan, "–"),
    ],
)
def test_amounts(kind, value, said):
    assert device_cost.amount(kind, value) == said


def bubbles(figure):
    """key -> (x, y, size) of the bubbles that are not the chosen one."""
    return {
        key: (x, y, size)
        for trace in figure.data
        if trace.showlegend
        for key, x, y, size in zip(
            trace.customdata, trace.x, trace.y, trace.marker.size, strict=True
        )
    }


def test_a_bubble_stands_at_its_cost_and_its_gain(table):
    chosen = row(table, lambda1=1, lambda2=1)
    figure = device_cost.chart(table, chosen["key"], VIEW, "time")
    found = bubbles(figure)
    assert set(found) == set(table.loc[table["milliseconds"].notna(), "key"])
    x, y, size = found[chosen["key"]]
    assert x == pytest.approx(math.log10(2.0))
    assert y == pytest.approx(100 * chosen["gain"])
    weaker = row(table, lambda1=0, lambda2=1)  # serves better
    assert found[weaker["key"]][2] > size
    lit = figure.data[-1]
    assert (lit.x[0], lit.y[0], lit.customdata[0]) == (x, y, chosen["key"])
    (mine,) = (t for t in figure.data if t.name == "DeepObfuscator" and t.showlegend)
    assert list(mine.marker.opacity) == [1, 1, 0.25]  # the busy one is in doubt


def test_what_costs_nothing_stands_left_of_the_scale(table):
    figure = device_cost.chart(table, None, VIEW, "arithmetic")
    ticks = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    free = row(table, sigma=0.4)["key"]
    assert bubbles(figure)[free][0] == ticks["none"] < math.log10(25_362_432)
    low, high = figure.layout.xaxis.range
    assert all(low < x < high for x, _, _ in bubbles(figure).values())


def test_traffic_has_the_photograph_as_its_line(table):
    figure = device_cost.chart(table, None, VIEW, "traffic")
    lines = [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert lines == [pytest.approx(math.log10(9000))]
    notes = device_cost.chart(table, None, VIEW, "time").layout.annotations
    assert not any("photograph itself" in note.text for note in notes)


def test_axes_do_not_move_with_the_choice(table):
    one, other = (
        device_cost.chart(table, key, VIEW, "memory").layout
        for key in (row(table, lambda1=1, lambda2=1)["key"], row(table, sigma=0.2)["key"])
    )
    assert (one.xaxis.range, one.yaxis.range) == (other.xaxis.range, other.yaxis.range)


def test_a_chart_without_any_cost_is_empty(findings):
    bare = device_cost.joined(outcomes.settings(findings, VIEW), pd.DataFrame())
    assert bubbles(device_cost.chart(bare, None, VIEW, "time")) == {}


def test_the_table_holds_every_setting(table):
    shown = device_cost.frame(table, VIEW)
    assert len(shown) == len(table)
    mine = shown[(shown["Method"] == "DeepObfuscator") & (shown["Setting"] == "λ₁ = 1, λ₂ = 1")]
    assert mine["Sent, kB"].tolist() == [2.0]
    assert shown["Milliseconds"].isna().sum() == table["milliseconds"].isna().sum() > 0
