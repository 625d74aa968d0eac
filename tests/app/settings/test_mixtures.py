"""Settings between two measured ones: what can be told of them, and of which nothing can."""

import time

import numpy as np
import pytest

from app.settings import mixtures, outcomes, points, proofs, unprotected
from app.settings.views import View
from core import results
from core.certificates import finite
from core.certificates.histograms import Groups
from tests.certified_folders import KNOTS, METHOD, bound, write_certified
from tests.checkpoint_folders import populate

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
KNOB = mixtures.knob_of(METHOD)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    root = tmp_path_factory.mktemp("certified")
    populate(root)
    write_certified(root)
    findings = results.findings(root)
    bare = unprotected.reference(unprotected.references(findings, VIEW), METHOD)
    return points.records(unprotected.compared(outcomes.settings(findings, VIEW), bare))


def knot(rows, tau):
    return next(row for row in points.of_method(rows, METHOD) if row["knob:tau"] == tau)


def test_bounds_stand_beside_what_was_measured(rows):
    for tau in KNOTS:
        row = knot(rows, tau)
        assert row["proven"] == bound(tau)
        assert row["value"] < row["proven"]
        assert row["proven_counted"] == pytest.approx(bound(tau) - 0.02)
    assert not [row for row in rows if row["method"] != METHOD and proofs.is_proven(row)]


def test_between_two_knots_everything_is_their_weighted_mean(rows):
    row = mixtures.at(rows, METHOD, {"tau": 0.08})
    above, below = knot(rows, 0.1), knot(rows, 0.05)
    for name in ("value", "utility", "utility_low", "cost", "cost_high", "proven", "gain"):
        assert row[name] == pytest.approx(0.6 * above[name] + 0.4 * below[name]), name
    assert row["release_value"] == 0.08
    assert row["key"].endswith("@0.08")
    assert np.isnan(row["proven_pair"])  # a sum over pairs is not linear in the table
    assert "60 % of photographs the device answers as at τ = 0.1" in mixtures.said(row, rows)


def test_the_weighted_mean_of_two_bounds_is_a_bound():
    """The best attacker on a mixture of two tables, against those on each: total variation is convex."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        groups = Groups(*(rng.dirichlet(np.ones(6), size=40) for _ in range(2)))
        tables = rng.dirichlet(np.ones(3), size=(2, 6))
        share = rng.uniform()
        mixed = share * tables[0] + (1 - share) * tables[1]
        counted = [
            finite.balanced(groups.through(table), 0.05).counted for table in (*tables, mixed)
        ]
        assert counted[2] <= share * counted[0] + (1 - share) * counted[1] + 1e-12


def test_at_a_knot_it_is_the_knot_itself(rows):
    for tau in KNOTS:
        row = mixtures.at(rows, METHOD, {"tau": tau})
        assert row == knot(rows, tau)
        assert not mixtures.is_mixture(row)
    assert mixtures.said(knot(rows, 0.1), rows) == ""


def test_over_a_knot_that_was_not_measured_nothing_is_mixed(rows):
    """Between the ends of the gap the device answers by tables that nobody measured."""
    left = [row for row in rows if row.get("knob:tau") != 0.1]
    pairs = [pair.ends for pair in mixtures.neighbours(left)]
    assert (0.2, 0.05) not in pairs
    assert (0.05, 0.02) in pairs
    near = mixtures.at(left, METHOD, {"tau": 0.08})
    assert near["knob:tau"] == 0.05
    assert not mixtures.is_mixture(near)
    stops = mixtures.stops(left, KNOB, [1.0, 0.3, 0.2, 0.05, 0.02, 0.0], 0.08)
    assert not [stop for stop in stops if 0.05 < stop < 0.2]


def test_trainings_are_not_mixed_with_each_other(rows):
    other = [row | {"schedule": "cells=8"} for row in rows if row.get("knob:tau") == 0.1]
    left = [row for row in rows if row.get("knob:tau") != 0.1] + other
    assert (0.2, 0.1) not in [pair.ends for pair in mixtures.neighbours(left)]


def test_the_slider_stands_anywhere_from_weak_to_strong(rows):
    stops = mixtures.stops(rows, KNOB, KNOTS, 0.0734)
    assert stops[0] == 1.0
    assert stops[-1] == 0.0
    assert stops == sorted(stops, reverse=True)
    assert {*KNOTS, 0.0734} <= {*stops}
    assert len(stops) > 250
    assert len({f"{stop:g}" for stop in stops}) == len(stops)  # the address tells them apart


def test_another_method_is_not_mixed(rows):
    assert mixtures.knob_of("image_noise") is None
    row = mixtures.at(rows, "image_noise", {"sigma": 0.3})
    assert not mixtures.is_mixture(row)


def test_bounds_of_a_mixture_are_of_one_release_only(rows):
    def one(metric, value, target="attribute:Male"):
        return proofs.Bound(target, metric, value, value - 0.02, 600, 0.5)

    row = mixtures.at(rows, METHOD, {"tau": 0.08})
    weak = [one("proven_accuracy", 0.57), one("proven_accuracy_pair", 0.6)]
    strong = [one("proven_accuracy", 0.55), one("proven_accuracy_pair", 0.6)]
    found = mixtures.bounds(row, [knot(rows, 0.1), knot(rows, 0.05)], weak, strong)
    assert [bound.metric for bound in found] == ["proven_accuracy"]
    assert found[0].bound == pytest.approx(0.6 * 0.57 + 0.4 * 0.55)


def test_a_value_is_told_within_a_tenth_of_a_second(rows):
    began = time.perf_counter()
    for _ in range(10):
        mixtures.at(rows, METHOD, {"tau": 0.08})
        mixtures.stops(rows, KNOB, KNOTS, 0.08)
    assert (time.perf_counter() - began) / 10 < 0.1
