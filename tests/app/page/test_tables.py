"""Tables of numbers, in words."""

import pandas as pd

from app.page import tables, wording
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
