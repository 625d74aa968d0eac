"""The answers and the list of proven settings, as tables."""

import numpy as np
import pytest

from app.page import tables
from app.proof import answers, listing
from app.settings import outcomes, points
from app.settings.views import View
from core import results
from core.errors import PenumbraError
from core.storage import explanations, pictures
from tests.certified_folders import KNOTS, PEOPLE, bound, write_certified
from tests.checkpoint_folders import faces, populate

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


def kept(**changes):
    arrays = {
        **pictures.packed("faces", faces(2)),
        "often": np.array([0.7, 0.3]),
        "having": np.array([[0.8, 0.2]]),
        "without": np.array([[0.6, 0.4]]),
        "says": np.array([[0], [1]]),
    }
    facts = {"secrets": ["Male"], "tasks": ["Smiling"], "people": 300}
    return arrays | {k: v for k, v in changes.items() if k in arrays}, facts | {
        k: v for k, v in changes.items() if k in facts
    }


def test_each_answer_says_what_it_means_and_to_whom_it_is_given():
    found = answers.checked(*kept())
    shown = answers.table(found)
    assert shown["Says"].tolist() == ["Smile: no", "Smile: yes"]
    assert shown["Of men"].tolist() == pytest.approx([80, 20])
    assert shown["Of women"].tolist() == pytest.approx([60, 40])
    assert "at most 2 faces" in answers.sentence(found)


def test_an_answer_that_is_never_given_is_no_face():
    found = answers.checked(*kept(often=np.array([1.0, 0.0])))
    assert answers.sentence(found).startswith("One answer alone is given")
    assert "at most one face" in answers.sentence(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"often": np.array([1.0])},
        {"often": np.array([np.nan, 1.0])},
        {"having": np.zeros((2, 2))},
        {"says": np.array([0, 1])},
        {"tasks": ["Smiling", "Young"]},
        {"people": "many"},
        {"secrets": 3},
    ],
)
def test_what_does_not_fit_together_is_refused(changes):
    with pytest.raises(PenumbraError, match="damaged"):
        answers.checked(*kept(**changes))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("certified")
    populate(root)
    write_certified(root)
    return root


def test_what_was_kept_is_read(root):
    run = next(root.glob("*/certified_code-*"))
    found = answers.checked(
        *explanations.read(explanations.place(run, "answers", 0.1), "missing", "again")
    )
    assert found.secrets == ("Male",)


def test_all_proven_settings_stand_in_the_list_the_lowest_first(root):
    table = listing.certified(results.findings(root), "synthetic")
    assert len(table) == len(KNOTS)
    assert table["Setting"].iloc[0] == "τ = 0"
    assert table["One release"].tolist() == pytest.approx([100 * bound(t) for t in KNOTS[::-1]])
    assert table["Secret"].unique().tolist() == ["Gender"]
    assert table["People counted"].unique().tolist() == [PEOPLE]
    assert np.isnan(table["Repeated releases"].iloc[-1])  # nothing is drawn at τ = 1
    assert listing.certified(results.findings(root), "people").empty


def test_tables_to_take_away_have_the_bounds(root):
    findings = results.findings(root)
    settings = outcomes.settings(findings, VIEW)
    settings["cost"] = 0.0
    shown = tables.of_settings(settings, VIEW)
    mine = shown[shown["Method"] == "Certified answers"]
    assert mine[tables.PROVEN].notna().all()
    assert shown[tables.PROVEN].isna().any()
    bare = settings[settings["method"] != "certified_code"]
    assert tables.PROVEN not in tables.of_settings(bare, VIEW)
    row = next(r for r in points.records(settings) if r["method"] == "certified_code")
    numbers = tables.of_setting(findings, row)
    proven = numbers[numbers["Protocol"] == "Proven"]
    assert set(proven["Attacker"]) == {"no attacker whatever"}
    assert "at most 65.0 %" in proven.to_string()
