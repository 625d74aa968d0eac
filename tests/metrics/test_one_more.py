"""Another metric is one file and one line: the rest follows from what it declares."""

import importlib.util
import math

import pytest

from app.page import wording
from core import results, train
from core.__main__ import main
from core.attacks import ATTACKS, controls
from core.evaluate import evaluate
from core.metrics import METRICS
from core.run import Run
from core.run_validation import checked
from tests.listings import only
from tests.pages.conftest import open_page, whole, words
from tests.tiny_faces import tiny_faces

TOY = '''
"""Youden's J (Cancer 3, 1950): recall + specificity - 1."""

from core.metrics.declare import Bound, Control, Metric


def _of_counts(tp, fn, tn, fp):
    return tp / (tp + fn) + tn / (tn + fp) - 1


METRIC = Metric(
    "youden",
    "informedness",
    "",
    "Youden's J: 0 is guessing, 1 is perfect.",
    chance=0.0,
    serves=True,
    control=Control(floor=Bound(plus=0.1), ceiling=Bound(times=1, plus=0.05)),
    of_counts=_of_counts,
)
'''
FACES = tiny_faces(identities=32, images=3)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A metric that has got its line, and a checkpoint folder of the test's own."""
    file = tmp_path / "youden.py"
    file.write_text(TOY)
    spec = importlib.util.spec_from_file_location("youden", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(METRICS, module.METRIC.name, module.METRIC)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PENUMBRA_OFFICERS", "anyone")


@pytest.fixture
def evaluated(toy, monkeypatch):
    """One setting attacked by one attacker."""
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    folder = train.train(checked(Run("blur", "tiny")), FACES, device="cpu", progress=False)
    with monkeypatch.context() as one_attack:  # the app, opened afterwards, knows all of them
        only(one_attack, ATTACKS, ["logistic"])
        one_attack.setattr("core.attacks.attributes.classifiers.LEAST_STEPS", 20)
        evaluate(folder, release_values=[4.0], device="cpu", progress=False)


def test_it_is_measured_can_be_asked_for_and_decides_on_the_trade_off(evaluated, capsys):
    found = results.findings()
    rows = found[found["metric"] == "youden"]
    assert {"attribute:Male", "attribute:Smiling"} <= set(rows["target"])
    assert (rows["chance"] == 0).all()
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).all()
    balanced = found[found["metric"] == "balanced_accuracy"]
    assert rows["value"].to_numpy() == pytest.approx(2 * balanced["value"] - 1, abs=2e-4)

    main(["results", "--format", "csv", "--metric", "youden"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(rows)

    app = whole(open_page(dataset="tiny", by="youden"))
    by = next(box for box in app.selectbox if box.key == "by")
    assert (by.value, "Informedness" in by.options) == ("youden", True)
    assert "Youden's J" in by.help
    served = rows[(rows["target"] == "attribute:Smiling") & (rows["attacker"] == "best_head")]
    said = f"Smile detection reaches, in informedness, {served['value'].item():.2f}"
    assert said in words(app)


def test_the_help_and_the_words_know_it(toy, capsys):
    with pytest.raises(SystemExit):
        main(["results", "--help"])
    assert "youden" in capsys.readouterr().out
    assert wording.score("youden", 0.613) == "0.61"
    assert wording.loss("youden", -0.05) == "0.050 of informedness"
    assert wording.score("youden", math.nan) == "–"


def test_attacks_are_judged_by_it(toy):
    def row(low):
        return {
            "metric": "youden",
            "value": low,
            "low": low,
            "high": low,
            "chance": 0.0,
            "attacker": "a",
            "target": "t",
        }

    assert controls.verdicts([row(0.2)], [row(0.04)]) == {("a", "t"): True}
    assert controls.verdicts([row(0.05)], [row(0.04)]) == {("a", "t"): False}
    assert controls.verdicts([row(0.2)], [row(0.06)]) == {("a", "t"): False}
