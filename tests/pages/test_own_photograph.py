"""Your own photograph: given, placed, redrawn; refused; without a face; with several; not kept."""

import io

import numpy as np
import pytest
from PIL import Image

from app.reconstructions import own_photograph
from core.methods import METHODS
from core.own_photograph import redraw
from core.run import Run
from core.run_validation import checked
from tests.live_runs import bring_to_life
from tests.own_photograph.scenes import known_faces, scene
from tests.pages.conftest import headline, open_page, whole, words

LAMBDA1 = "deep_obfuscator.lambda1"


def setting(lambda1):
    knobs = {"lambda1": lambda1, "lambda2": 1.0}
    return checked(Run("deep_obfuscator", "synthetic", knobs=knobs))


@pytest.fixture
def alive(populated):
    """Two of three settings on the line have their attacker's network."""
    for lambda1 in (1.0, 5.0):
        run = setting(lambda1)
        bring_to_life(populated / "synthetic" / run.id, run, seed=int(lambda1))
    return populated


def packed(picture, kind="JPEG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def opened(**query):
    return whole(open_page("reconstructions", whose="own", **query))


def given(picture, app=None, name="me.jpg", mime="image/jpeg"):
    app = app or opened()
    data = picture if isinstance(picture, bytes) else packed(picture)
    return whole(app.file_uploader(key="own_file").set_value((name, data, mime)).run())


def one_face():
    return scene(known_faces()[5], 260, 300, 120)


def test_before_a_photograph_the_page_says_what_it_will_do_and_what_becomes_of_it(alive):
    app = opened()
    assert app.title[0].value == "What would an attacker see?"
    assert "What you will see here" in words(app)
    assert "never stored" in words(app)
    assert own_photograph.STATE not in app.session_state


def test_a_face_is_redrawn_along_the_knob_and_the_attacker_is_named(alive):
    app = given(one_face())
    said = headline(app)
    assert said.startswith("## From your photograph this attacker recovers")
    assert "picture redrawer (mirrored decoder), trained afterwards" in words(app)
    assert "On test faces this attacker reaches a likeness of 0.70" in words(app)
    assert "as the network sees it" in words(app)
    assert "recovered: " in words(app)
    strip = [text.value for text in app.caption if "λ₁ = " in text.value]
    assert [text.split("λ₁ = ")[1][0] for text in strip] == ["1", "5"]
    assert any("was kept at λ₁ = 1, λ₁ = 5 only" in note.value for note in app.info)
    assert not app.warning


def strip(app):
    """Value of the knob -> (likeness, whether it is the chosen one), as the film strip has them."""
    texts = [text.value for text in app.caption if "λ₁ = " in text.value]
    return {text.split("λ₁ = ")[1][0]: (text.split()[-1], ":orange" in text) for text in texts}


def recovered(app):
    return next(text.value for text in app.caption if text.value.startswith("recovered: "))


def test_a_moved_knob_asks_another_attacker(alive):
    app = given(one_face())
    shown = strip(app)
    assert [here for _, here in shown.values()] == [True, False]
    assert shown["1"][0] != shown["5"][0]
    assert recovered(app).endswith(shown["1"][0])
    whole(app.select_slider(key=LAMBDA1).set_value(5.0).run())
    assert strip(app) == {"1": (shown["1"][0], False), "5": (shown["5"][0], True)}
    assert recovered(app).endswith(shown["5"][0])


def test_a_setting_whose_attacker_was_not_kept_shows_the_rest(alive):
    app = given(one_face(), opened(**{LAMBDA1: "0"}))
    assert "recovered: " not in words(app)
    assert "as the network sees it" in words(app)
    assert any("Left out: λ₁ = 0" in note.value for note in app.info)


def test_moving_and_enlarging_changes_what_the_network_sees(alive):
    app = given(one_face())
    before = headline(app)
    whole(app.slider(key="own_zoom").set_value(1.8).run())
    assert headline(app) != before
    # another photograph starts where its face is
    app = given(scene(known_faces()[12], 300, 100, 100), app)
    assert app.slider(key="own_zoom").value == 1.0


def test_no_face_uses_the_middle_and_says_so(alive):
    app = given(np.full((200, 300, 3), 120, np.uint8))
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


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"no picture at all", "no JPEG, PNG or WebP"), (packed(np.zeros((20, 90, 3), np.uint8)), "at least 32")],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_not_kept(alive, data, reason):
    app = given(data)
    assert reason in app.error[0].value
    assert "Nothing of it was kept" in app.error[0].value
    assert own_photograph.STATE not in app.session_state


def test_nothing_of_it_is_left_when_it_is_taken_out(alive, tmp_path):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    app = given(one_face())
    assert own_photograph.STATE in app.session_state
    app.file_uploader(key="own_file").set_value(None)
    whole(app.run())
    assert own_photograph.STATE not in app.session_state
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_camera_does_the_same(alive):
    app = opened(own_from="camera")
    shot = ("shot.jpg", packed(one_face()), "image/jpeg")
    app = whole(app.camera_input(key="own_camera").set_value(shot).run())
    assert "recovered: " in words(app)


def test_a_damaged_network_is_named(alive):
    run = setting(1.0)
    place = redraw.weights_of(alive / "synthetic" / run.id, None)
    place.write_bytes(place.read_bytes()[:100])
    app = given(one_face())
    assert any("damaged" in warning.value for warning in app.warning)
    assert any("Left out at λ₁ = 1" in text.value for text in app.caption)


def test_a_release_knob_says_where_the_network_was_kept(populated):
    run = checked(Run("image_noise", "synthetic"))
    grid = METHODS["image_noise"].knobs[0].grid
    bring_to_life(populated / "synthetic" / run.id, run, grid[0])
    app = given(one_face(), opened(method="image_noise"))
    assert any(f"kept at σ = {grid[0]:g} only" in note.value for note in app.info)


def test_a_bad_view_in_the_address_falls_back_with_a_note(alive):
    app = whole(open_page("reconstructions", whose="<script>"))
    assert any("is not available here" in note.value for note in app.info)
    assert app.segmented_control(key="whose").value == "test"
