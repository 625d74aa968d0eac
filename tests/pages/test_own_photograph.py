"""Your own photograph: given, placed, reconstructed; refused; without a face; with several; not kept."""

import io

import numpy as np
import pytest
from PIL import Image

from app.reconstructions import own_photograph
from core.methods import METHODS
from core.own_photograph import face_place, redraw
from core.run import Run
from core.run_validation import checked
from tests.live_runs import bring_to_life
from tests.own_photograph.scenes import known_faces, scene
from tests.pages.conftest import headline, open_page, whole, words

LAMBDA1 = "deep_obfuscator.lambda1"


def setting(lambda1):
    knobs = {"lambda1": lambda1, "lambda2": 1.0}
    return checked(Run("deep_obfuscator", "synthetic", knobs=knobs))


@pytest.fixture(autouse=True)
def usual(monkeypatch):
    """Where the synthetic faces lie; `tests/own_photograph` has the search for it."""

    def known(pictures):
        assert pictures.shape == (face_place.EXAMPLES, 96, 96, 3)
        return face_place.Usual(0.48, 0.55, 0.68, len(pictures))

    monkeypatch.setattr(face_place, "usual_box", known)


@pytest.fixture
def alive(own_findings):
    """Two of three settings on the line have their attacker's network."""
    for lambda1 in (1.0, 5.0):
        run = setting(lambda1)
        bring_to_life(own_findings / "synthetic" / run.id, run, seed=int(lambda1))
    return own_findings


def packed(picture, kind="JPEG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def opened(**query):
    return whole(open_page("reconstructions", whose="own", **query))


def given(picture, app=None):
    app = app or opened()
    data = picture if isinstance(picture, bytes) else packed(picture)
    return whole(app.file_uploader(key="own_file").set_value(("me.jpg", data, "image/jpeg")).run())


def one_face():
    return scene(known_faces()[5], 160, 30, 20, size=(200, 220))


def strip(app):
    """Value of the knob -> (likeness, whether it is the chosen one), as the film strip has them."""
    texts = [text.value for text in app.caption if "λ₁ = " in text.value]
    return {text.split("λ₁ = ")[1][0]: (text.split()[-1], ":orange" in text) for text in texts}


def recovered(app):
    return next(text.value for text in app.caption if text.value.startswith("recovered: "))


def test_a_face_is_reconstructed_along_the_knob_and_the_attacker_is_named(alive):
    app = opened()
    assert app.title[0].value == "What would an attacker see?"
    assert "What you will see here" in words(app)
    assert "never stored" in words(app)
    assert own_photograph.STATE not in app.session_state
    given(one_face(), app)
    assert headline(app).startswith("## From your photograph this attacker recovers")
    assert "picture redrawer (mirrored decoder), trained afterwards" in words(app)
    assert "On test faces this attacker reaches a likeness of 0.70" in words(app)
    assert "as the network sees it" in words(app)
    assert any("was kept at λ₁ = 1, λ₁ = 5 only" in note.value for note in app.info)
    assert not app.warning
    shown = strip(app)
    assert {value: here for value, (_, here) in shown.items()} == {"1": True, "5": False}
    assert shown["1"][0] != shown["5"][0]
    assert recovered(app).endswith(shown["1"][0])
    whole(app.select_slider(key=LAMBDA1).set_value(5.0).run())  # another attacker is asked
    assert strip(app) == {"1": (shown["1"][0], False), "5": (shown["5"][0], True)}
    assert recovered(app).endswith(shown["5"][0])
    whole(app.select_slider(key=LAMBDA1).set_value(0.0).run())  # which was not kept
    assert "recovered: " not in words(app)
    assert "as the network sees it" in words(app)
    assert any("Left out: λ₁ = 0" in note.value for note in app.info)


def test_moving_and_enlarging_changes_what_the_network_sees_and_nothing_of_it_is_left(
    alive, tmp_path
):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    app = given(one_face())
    assert own_photograph.STATE in app.session_state
    said = headline(app)
    whole(app.slider(key="own_zoom").set_value(1.8).run())
    assert headline(app) != said
    # another photograph starts where its face is
    given(scene(known_faces()[12], 160, 50, 30, size=(200, 220)), app)
    assert app.slider(key="own_zoom").value == 1.0
    app.file_uploader(key="own_file").set_value(None)
    whole(app.run())
    assert own_photograph.STATE not in app.session_state
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_no_face_uses_the_middle_and_says_so(alive):
    app = given(np.full((40, 60, 3), 120, np.uint8))
    assert "No face was found from the front" in app.warning[0].value
    assert "recovered: " in words(app)


def test_of_several_faces_the_largest_is_used_and_another_can_be_chosen(alive):
    picture = scene(known_faces()[5], 180, 20, 60)
    picture[150:500, 420:770] = scene(known_faces()[12], 350, 0, 0)[:350, :350]
    app = given(picture)
    assert any("2 faces were found; the largest is used" in note.value for note in app.info)
    before = headline(app)
    picker = next(b for b in app.segmented_control if b.key == "own_face")
    whole(picker.set_value(1).run())
    assert headline(app) != before


def test_what_cannot_be_read_is_said_and_not_kept(alive):
    app = opened()
    tiny = packed(np.zeros((20, 90, 3), np.uint8))
    for data, reason in ((b"no picture", "no JPEG, PNG or WebP"), (tiny, "at least 32")):
        given(data, app)
        assert reason in app.error[0].value
        assert "Nothing of it was kept" in app.error[0].value
        assert own_photograph.STATE not in app.session_state


def test_the_camera_does_the_same_and_a_damaged_network_is_named(alive):
    place = redraw.weights_of(alive / "synthetic" / setting(5.0).id, None)
    place.write_bytes(place.read_bytes()[:100])
    app = opened(own_from="camera")
    shot = ("shot.jpg", packed(one_face()), "image/jpeg")
    whole(app.camera_input(key="own_camera").set_value(shot).run())
    assert "recovered: " in words(app)
    assert any("Left out at λ₁ = 5" in text.value for text in app.caption)
    whole(app.select_slider(key=LAMBDA1).set_value(5.0).run())
    assert any("damaged" in warning.value for warning in app.warning)


def test_a_release_knob_says_where_the_network_was_kept(own_findings):
    run = checked(Run("image_noise", "synthetic"))
    grid = METHODS["image_noise"].knobs[0].grid
    bring_to_life(own_findings / "synthetic" / run.id, run, grid[0])
    app = given(one_face(), opened(method="image_noise"))
    assert any(f"kept at σ = {grid[0]:g} only" in note.value for note in app.info)


def test_a_bad_view_in_the_address_falls_back_with_a_note(alive):
    app = whole(open_page("reconstructions", whose="<script>"))
    assert any("is not available here" in note.value for note in app.info)
    assert app.segmented_control(key="whose").value == "test"
