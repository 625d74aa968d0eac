"""Tables of numbers, in words."""

import pandas as pd

from app.page import tables, wording
from app.page.verdict import verdict
from app.settings import outcomes, points, unprotected
from app.settings.views import View

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


def test_tables_hold_every_attacker(findings):
    table = unprotected.compared(outcomes.settings(findings, VIEW), None)
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 1, "lambda2": 1})
    more = findings.assign(attacker="resrec+celeba")[findings["target"] == "image"]
    numbers = tables.of_setting(pd.concat([findings, more]), row)
    assert wording.attacker("resrec+celeba") in set(numbers["Attacker"])
    assert {"strongest attacker", "straight-line classifier", "small neural network"} <= set(
        numbers["Attacker"]
    )
    assert "82.4 % (80.4–84.4)" in set(numbers["Right guesses"])
    assert len(tables.of_settings(table, VIEW)) == len(table)


def test_plain_accuracy_stands_beside_what_the_commoner_answer_scores(findings):
    view = VIEW._replace(service="accuracy")
    plain = findings[findings["metric"] == "balanced_accuracy"]
    plain = plain.assign(metric="accuracy", value=0.88, chance=0.96)
    both = pd.concat([findings[findings["metric"] != "accuracy"], plain])
    table = unprotected.compared(outcomes.settings(both, view), None)
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 1, "lambda2": 1})
    numbers = tables.of_setting(both, row)
    columns = list(numbers.columns)
    assert columns[columns.index("Plain accuracy") + 1] == tables.BLIND
    assert set(numbers.loc[numbers["Plain accuracy"] != "", tables.BLIND]) == {"96.0 %"}
    assert set(tables.of_settings(table, view)[tables.BLIND]) == {96.0}
    assert "always giving the commoner answer in 96 %" in verdict(row, None, view).detail
    assert tables.BLIND not in tables.of_settings(table, VIEW)
