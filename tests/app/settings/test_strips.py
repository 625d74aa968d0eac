"""What a setting can be followed along: knobs, and entries of the schedule that alone differ."""

from app.settings import points, strips, variants
from core import results

NAME = "adversarial_reconstruction"


def row(number, schedule="", private="", **knobs):
    values = {"lambda1": 1.0, "lambda2": 0.0} | knobs
    return {
        "method": NAME,
        "preset": "compact",
        "schedule": schedule,
        "tasks": "Smiling",
        "private": private,
        "key": f"run-{number}",
        "run_id": f"run-{number}",
        **{f"knob:{name}": value for name, value in values.items()},
    }


ROWS = [
    row(0),
    row(1, lambda1=0.0),
    row(2, "layer=3"),
    row(3, "layer=0"),
    row(4, "layer=3, mu2=1"),
    row(5, "layer=3", lambda2=2.0),
    row(6, "layer=4", private="Male"),
    row(7, "layer=2, recipe=1"),
]


def along(chosen, name):
    here = next(r for r in ROWS if r["key"] == chosen)
    mine = variants.only(ROWS, NAME, variants.key(here))
    lines = [line for line in points.lines(mine, points.knob_values(here), NAME) if line.knob]
    found = {strip.name: strip for strip in strips.strips(ROWS, lines, here)}
    strip = found.get(name)
    return strip and [(text, setting["key"]) for text, setting in strip.steps]


def test_a_layer_is_followed_where_all_else_is_the_same_and_the_preset_s_own_counts():
    wanted = [("conv1", "run-3"), ("conv4", "run-2"), ("fc", "run-0")]
    assert along("run-0", "layer") == wanted
    assert along("run-2", "layer") == wanted
    assert along("run-5", "layer") is None  # nothing else has lambda2 = 2
    assert along("run-6", "layer") is None  # nothing else hides the gender
    assert along("run-7", "layer") is None  # an earlier recipe is no other layer


def test_an_entry_without_words_is_named_with_its_value():
    assert along("run-2", "mu2") == [("mu2 = 0", "run-2"), ("mu2 = 1", "run-4")]
    assert along("run-0", "mu2") is None


def test_knobs_come_first_and_say_which_way_protection_grows():
    assert along("run-0", "lambda1") == [("λ₁ = 0", "run-1"), ("λ₁ = 1", "run-0")]
    lines = [line for line in points.lines(ROWS[:2], None, NAME) if line.knob]
    first, second = strips.strips(ROWS, lines, ROWS[0])
    assert first.heading == "from weak to strong protection"
    assert second.heading == "by layer"
    assert (first.label, second.label) == ("λ₁", "Layer")


def test_a_schedule_taken_apart():
    assert results.schedule_of("cut=2, layer=3") == {"cut": 2.0, "layer": 3.0}
    assert results.schedule_of("") == results.schedule_of(None) == {}
    assert results.schedule_of(float("nan")) == {}
