"""Goal-seek on made-up settings whose answer is known."""

import math

import pytest

from app.settings.views import View
from app.trade_off import goal
from app.trade_off.goal import Limits

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


def row(value, cost, width=0.02, **more):
    """A setting whose attack reaches `value` and whose service loses `cost`, each +- `width`."""
    setting = {"key": f"{value}/{cost}", "title": "AIA", "method": "aia", "conclusive": True}
    setting |= {"value": value, "high": value + width, "gain": value - 0.5}
    setting |= {"utility": 0.95 - cost, "cost": cost, "cost_high": cost + width}
    return setting | more


ROWS = [row(0.9, 0.0), row(0.6, 0.05), row(0.55, 0.1), row(0.52, 0.2)]


def kept(limits):
    return [found["key"] for found in goal.seek(ROWS, limits).kept]


def test_what_costs_the_service_least_comes_first():
    assert kept(Limits(0.7, 0.3, False)) == ["0.6/0.05", "0.55/0.1", "0.52/0.2"]
    assert kept(Limits(0.56, None, False)) == ["0.55/0.1", "0.52/0.2"]
    assert kept(Limits(None, 0.06, False)) == ["0.9/0.0", "0.6/0.05"]


def test_with_confidence_the_ends_of_the_intervals_count():
    assert kept(Limits(0.61, 0.2, False)) == ["0.6/0.05", "0.55/0.1", "0.52/0.2"]
    assert kept(Limits(0.61, 0.2, True)) == ["0.55/0.1"]
    assert kept(Limits(0.62, 0.07, True)) == ["0.6/0.05"]  # a limit that is just met is kept


def test_the_near_miss_violates_least_and_says_what():
    limits = Limits(0.53, 0.06, False)
    found = goal.seek(ROWS, limits)
    assert found.kept == []
    assert found.nearest["key"] == "0.55/0.1"  # .02 and .04 over; .6 is .07 over, .52 .14
    assert goal.sentence(found, limits, VIEW, 4) == (
        "No trained setting keeps your limits. The nearest is AIA: the attack reaches 55.0 % where "
        "you allow 53.0 % and the service loses 10.0 points where you allow 6.0 points."
    )


def test_a_weak_attack_keeps_nothing():
    weak = row(0.5, 0.0, conclusive=False)
    found = goal.seek([weak], Limits(0.9, None, False))
    assert found == goal.Found([], None)
    kept, sentence = goal.verdict(weak, Limits(0.9, None, False), VIEW)
    assert not kept
    assert sentence == "The attack is too weak to say whether your limits are kept."


@pytest.mark.parametrize("cost", [math.nan, None])
def test_an_unknown_loss_keeps_no_limit_on_it(cost):
    unknown = row(0.5, 0.0) | {"cost": cost, "cost_high": cost}
    assert goal.seek([unknown], Limits(None, 0.5, True)) == goal.Found([], None)
    assert goal.seek([unknown], Limits(0.6, None, True)).kept == [unknown]
    assert not goal.verdict(unknown, Limits(None, 0.5, True), VIEW)[0]


def test_likeness_is_no_percentage():
    said = goal.violation(row(0.8, 0.0), Limits(0.5, None, False), VIEW._replace(target="image"))
    assert said == "the attack reaches 0.80 where you allow 0.50"


def test_the_count_is_said():
    limits = Limits(0.7, None, True)
    assert goal.sentence(goal.seek(ROWS, limits), limits, VIEW, 4) == (
        "3 of 4 measured settings keep your limits, with 95 % confidence."
    )
