"""Findings -> outcomes: whom the paper's protocol asks."""

import pandas as pd

from app.settings import outcomes
from app.settings.views import STRONGEST, View
from core.methods import METHODS
from core.methods.declare import ALONG
from core.published import published

VIEW = View("mine", "compact", "Smiling", "attribute:Male", "paper")


def measured(method, *attackers):
    """Findings of one run by the paper's protocol; each attacker scores ten points more."""
    rows = [
        {"attacker": attacker, "target": "attribute:Male", "role": "private", "value": 0.6 + n / 10}
        for n, attacker in enumerate(attackers)
    ]
    rows.append(
        {"attacker": "best_head", "target": "attribute:Smiling", "role": "utility", "value": 0.9}
    )
    about = {"run_id": f"{method}-0", "dataset": "mine", "preset": "compact", "method": method}
    about |= {"tasks": "Smiling", "private": "Male", "schedule": "", "seed": 0, "protocol": "paper"}
    about |= {"metric": "balanced_accuracy", "low": 0.5, "high": 1.0, "chance": 0.5, "n": 9}
    about |= {"release_value": float("nan"), "identities": 9, "conclusive": True}
    knobs = {f"knob:{k.name}": k.default for k in METHODS[method].knobs if k.when == "train"}
    return pd.DataFrame([about | knobs | row for row in rows])


def asked(method, *attackers):
    """Who was asked about the private attribute."""
    (name,) = outcomes.settings(measured(method, *attackers), VIEW)["attacker"]
    return name


def test_pric_is_asked_as_its_paper_asks_a_classifier_trained_afterwards():
    assert asked("pric", "training_adversary", STRONGEST) == STRONGEST
    assert asked("deep_obfuscator", "training_adversary", STRONGEST) == "training_adversary"


def test_the_training_s_own_stands_in_where_none_was_trained_afterwards():
    assert asked("pric", "training_adversary") == "training_adversary"


def test_what_methods_declare_is_what_their_papers_print():
    """Of each kind of target that a paper scores by an attacker of the training, and of each that it
    scores by later ones alone."""
    said = {}
    for row in published():
        kind = "attribute" if row["target"] == "private" else row["target"].partition(":")[0]
        if row["role"] == "private" and row["method"] == row["paper"]:
            said.setdefault((row["method"], kind), set()).add(row["protocol"])
    networks = {
        key: found for key, found in said.items() if found & {"trained_along", "trained_after"}
    }
    assert len(networks) >= 4
    for (method, kind), found in networks.items():
        along = METHODS[method].paper_attackers.get(kind) == ALONG
        assert along == ("trained_along" in found), (method, kind, found)


def test_every_paper_s_method_says_where_it_departs_from_it():
    for name in {row["paper"] for row in published()}:
        sentences = METHODS[name].departures
        assert len(sentences) >= 4
        assert all(text.endswith(".") and 40 < len(text) < 420 for text in sentences)
