"""The outsiders that Penumbra's attackers are compared with."""

import pandas as pd
import pytest

from bench import outsiders
from tests.attacks.planted import view


@pytest.mark.parametrize(("name", "least", "most"), [("Planted", 0.9, 1.0), ("Absent", 0.3, 0.7)])
def test_they_find_what_is_there_and_nothing_else(name, least, most, monkeypatch):
    kept = ("logistic regression", "neighbours")
    few = {who: build for who, build in outsiders.outsiders().items() if who in kept}
    monkeypatch.setattr(outsiders, "outsiders", lambda: few)
    monkeypatch.setattr(outsiders, "again", lambda x, generator: x)
    given = view("coordinate")
    monkeypatch.setattr(outsiders, "released", lambda release, x, seed: given.z["attacker"])
    who, right = outsiders.best(given, name)
    assert who.removesuffix(", varied photographs") in kept
    assert least <= right <= most


def test_the_worst_case_is_the_strict_one_of_that_attribute_and_value():
    rows = [
        {"protocol": p, "attacker": a, "target": f"attribute:{t}", "metric": m, "release_value": r}
        for p in ("strict", "paper")
        for a in ("worst_case", "mlp")
        for t in ("Male", "Young")
        for m in ("balanced_accuracy", "auc")
        for r in (None, 0.5)
    ]
    table = pd.DataFrame(rows).assign(value=range(len(rows)))
    assert outsiders.worst_case(table, "Male", None) == 0
    assert outsiders.worst_case(table, "Male", 0.5) == 1
    assert outsiders.worst_case(table, "Smiling", None) is None
