"""Bounds beside what was measured: whose they are, and where there are none."""

import numpy as np
import pandas as pd
import pytest

from app.settings import outcomes, points, proofs
from app.settings.views import View
from core import results
from core.run import Run
from core.run_validation import checked
from tests.certified_folders import KNOTS, METHOD, bound, certificates, write_certified
from tests.checkpoint_folders import write_attack, write_run

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture
def root(tmp_path):
    write_certified(tmp_path)
    return tmp_path


def test_only_attributes_under_the_strict_protocol_carry_bounds(root):
    findings = results.findings(root)
    assert outcomes.settings(findings, VIEW)["proven"].notna().all()
    for other in (VIEW._replace(target="identity"), VIEW._replace(target="image")):
        assert outcomes.settings(findings, other)["proven"].isna().all()
    paper = outcomes.settings(findings, VIEW._replace(protocol="paper"))
    assert paper["proven"].isna().all()


def test_a_weaker_attacker_leaves_the_bound_as_it_is(root):
    findings = results.findings(root)
    strongest = outcomes.settings(findings, VIEW)
    other = outcomes.settings(findings, VIEW._replace(attacker="mlp"))
    assert other["proven"].tolist() == strongest["proven"].tolist()
    assert other["value"].tolist() != strongest["value"].tolist()


def test_a_bound_is_of_its_own_attribute(root):
    """Of an attribute that leaks more, and of which nothing is proven, the secret's bound says
    nothing."""
    findings = results.findings(root)
    several = outcomes.settings(findings, VIEW._replace(target="attribute:Male,Young"))
    assert several["target"].unique().tolist() == ["attribute:Young"]  # told in 70 % of cases
    assert several["proven"].isna().all()


def test_of_several_trainings_the_largest_bound_counts_and_all_must_have_one(root):
    other = checked(Run(METHOD, "synthetic", seed=1))
    for tau in KNOTS:
        folder = write_run(root, other, 0.5, tau, attack=0.52)
        if tau == 0.1:
            rows = [
                row | {"value": 0.6, "high": 0.6, "seed": 1}
                if row["metric"] == "proven_accuracy"
                else row
                for row in certificates(tau)
            ]
            write_attack(folder, "certificate", rows, tau, protocol="proof")
    table = outcomes.settings(results.findings(root), VIEW).set_index("knob:tau")
    assert table["seeds"].unique().tolist() == [2]
    assert table.loc[0.1, "proven"] == max(0.6, bound(0.1))
    assert np.isnan(table.loc[0.2, "proven"])  # one of the two trainings was not certified


def test_all_that_is_proven_of_a_setting(root):
    findings = results.findings(root)
    row = points.records(outcomes.settings(findings, VIEW))[-1]
    found = {b.metric: b for b in proofs.of_setting(findings, row)}
    assert next(iter(found)) == "proven_accuracy"
    assert found["capacity"].bound == 2
    assert found["capacity"].counted is None
    assert found["proven_accuracy"].people == 600


def test_without_proofs_nothing_is_asked():
    attack = pd.DataFrame({"run_id": ["a"], "release_value": [None], "target": ["attribute:Male"]})
    empty = pd.DataFrame({"protocol": ["strict"], "attacker": ["mlp"]})
    assert proofs.beside(attack, empty, VIEW)["proven"].isna().all()
