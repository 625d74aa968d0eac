"""Maps over faces, and what they say."""

import numpy as np
import pytest

from app.attention import overlays, saliency
from app.page import wording
from core.errors import PenumbraError
from core.storage import array_file
from core.storage.pictures import unpacked
from tests.attention_folders import facts, spot, write_photographs
from tests.checkpoint_folders import PICTURES


@pytest.fixture
def parts(tmp_path):
    """(arrays, facts) of a setting, and of the photographs."""
    from core.storage import files

    write_photographs(tmp_path, "Male")
    (place,) = tmp_path.glob("_explain/*/Male")
    known, clear = array_file.read(place), files.read_json(place / "facts.json")
    known |= {name: unpacked(name, known) for name in ("originals", "means")}
    shared = known, clear
    arrays = {
        "positions": shared[0]["positions"],
        "attacker_said": np.ones(PICTURES, np.uint8),
        "attacker_release": spot(6, 4, PICTURES),
        "attacker_release_groups": spot(6, 4, 3),
    }
    return (arrays, {"groups": ["all", "Male=0", "Male=1"], "attacker": facts("Male")}), shared


def test_warm_where_it_matters_cold_where_it_does_not():
    grey = np.full((64, 64, 3), 128, np.uint8)
    drawn = overlays.over(grey, spot(6, 4, 1)[0]).astype(int)
    bright, dark = drawn[52, 36], drawn[4, 4]
    assert bright.sum() > dark.sum() + 150
    assert bright[0] > bright[2]
    assert dark[2] > dark[0]
    nothing = overlays.over(grey, np.zeros((8, 8), np.uint8)).astype(int)
    assert (nothing.sum(2) <= drawn.sum(2)).all()
    assert len(np.unique(nothing.reshape(-1, 3), axis=0)) == 1


def test_the_scale_gets_lighter_all_the_way():
    strip = overlays.legend()[0].astype(float) @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(strip) > -0.6).all()
    assert strip[-1] - strip[0] > 120


def test_the_difference_shows_what_was_lost_and_gained_and_nothing_where_nothing_changed():
    face = np.full((64, 64, 3), 128, np.uint8)
    up, down = spot(1, 4, 1)[0], spot(6, 4, 1)[0]
    drawn = overlays.apart(face, up, down).astype(int)
    lost, gained = drawn[12, 36], drawn[52, 36]
    assert lost[2] > lost[0] + 40
    assert gained[0] > gained[2] + 40
    assert (overlays.apart(face, up, up) == 128).all()


def test_a_look_says_what_stays_and_what_a_setting_is_compared_with(parts):
    found = saliency.look(parts[0], "attacker", parts[1])
    row = {"method": "deep_obfuscator", "knob:lambda1": 1.0, "knob:lambda2": 1.0}
    same, other = (255 * (spot(*at, PICTURES) > 200).astype(np.uint8) for at in ((6, 4), (1, 1)))
    found = found._replace(through=same)
    for through, words in (
        (same, "looks where one looks at λ₁ = 0"),
        (np.maximum(same, other // 2), "looks partly elsewhere than at λ₁ = 0"),
        (other, "looks elsewhere than at λ₁ = 0"),
    ):
        bare = found._replace(through=through)
        share = saliency.stayed(found, bare)
        assert words in saliency.sentence(row, found, "attacker", bare, "λ₁ = 0")
        said = saliency.detail(found, "attacker", bare, "λ₁ = 0", 0.97)
        assert (
            f"{wording.percent(share)} of attention falls on the same places as at λ₁ = 0" in said
        )
        assert "right in 97 %" in said
    # Who guesses looks nowhere: nothing is compared with that.
    guesses = found._replace(facts=found.facts | {"low": 0.48})
    assert saliency.stayed(found, guesses) is None
    hidden = found._replace(declared=False)
    assert "was not told to hide the gender" in saliency.detail(hidden, "attacker")
    drawn = saliency.panels(found, 1, None)
    assert [panel.name for panel in drawn][-1] == "Difference"
    assert drawn[2].text == "reads “a man”: right"
    assert "lower third" in drawn[2].alt


@pytest.mark.parametrize(
    "change",
    [
        {"positions": np.arange(3)},
        {"attacker_release": np.zeros((PICTURES, 8, 8))},
        {"attacker_release": np.zeros((PICTURES, 8), np.uint8)},
        {"attacker_said": np.zeros(3, np.uint8)},
        {"attacker_release_groups": np.zeros((1, 8, 8), np.uint8)},
    ],
)
def test_what_is_not_what_it_should_be_is_refused(parts, change):
    (arrays, told), shared = parts
    with pytest.raises(PenumbraError, match="the maps are damaged"):
        saliency.look((arrays | change, told), "attacker", shared)


def test_facts_of_strangers_are_taken_for_nothing_but_numbers(parts):
    (arrays, told), shared = parts
    wild = told["attacker"] | {"low": float("nan"), "thirds": ["a", 1, 2], "balanced_accuracy": "x"}
    found = saliency.look((arrays, told | {"attacker": wild}), "attacker", shared)
    assert "thirds" not in found.facts
    assert saliency.at_chance(found)
    with pytest.raises(PenumbraError, match="the maps are damaged"):
        saliency.look((arrays, {"groups": []}), "attacker", shared)
