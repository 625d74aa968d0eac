"""The face is found, the right one is taken, and it lands where the data set has its faces."""

import numpy as np
import pytest

from core.own_photograph import face_place
from tests.own_photograph.scenes import known_faces, scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def usual():
    return face_place.usual_box(known_faces()[:9])


def placed(picture, usual):
    """(middle and breadth of what is cut out, faces found)."""
    faces = face_place.find_faces(picture)
    left, top, breadth, _ = face_place.window(faces[0] if faces else None, usual, picture.shape[:2])
    return np.array([left + breadth / 2, top + breadth / 2]), breadth, faces


def test_faces_land_where_they_were_cut_from(usual):
    off, scales, found = [], [], 0
    for number, face in enumerate(known_faces()[16:21]):
        side = 180 + 24 * number
        left, top = 40 + 42 * number, 30 + 14 * number
        picture = scene(face, side, left, top)
        middle, breadth, faces = placed(picture, usual)
        found += bool(faces)
        off.append(np.abs(middle - [left + side / 2, top + side / 2]).max() / side)
        scales.append(breadth / side)
    assert found >= 4
    assert np.median(off) < 0.06
    assert np.median(scales) == pytest.approx(1, abs=0.1)


def test_nothing_is_found_in_an_empty_scene():
    assert face_place.find_faces(scene(None, 0, 0, 0)) == []
    assert face_place.find_faces(np.full((64, 64, 3), 128, np.uint8)) == []


def test_of_two_faces_the_larger_comes_first():
    picture = scene(known_faces()[5], 180, 20, 60)
    picture[150:500, 420:770] = scene(known_faces()[12], 350, 0, 0)[:350, :350]
    faces = face_place.find_faces(picture)
    assert len(faces) == 2
    assert faces[0].side > faces[1].side
    assert faces[0].middle[0] > 400 > faces[1].middle[0]


def test_without_a_face_the_middle_is_used(usual):
    left, top, across, down = face_place.window(None, usual, (300, 500))
    assert (across, down) == (300, 300)
    assert (left, top) == (100, 0)


def test_zoom_and_moves_keep_the_face_in_its_place(usual):
    face = face_place.Box(100, 120, 80)
    whole = face_place.window(face, usual, (400, 400))
    close = face_place.window(face, usual, (400, 400), zoom=2)
    for left, top, across, down in (whole, close):  # the box's middle at the same share of the cut
        assert (face.middle[0] - left) / across == pytest.approx(usual.across)
        assert (face.middle[1] - top) / down == pytest.approx(usual.down)
    assert close[2] == pytest.approx(whole[2] / 2)
    moved = face_place.window(face, usual, (400, 400), across=0.1, down=-0.2)
    assert moved[0] - whole[0] == pytest.approx(0.1 * whole[2])
    assert moved[1] - whole[1] == pytest.approx(-0.2 * whole[3])


def test_a_wide_picture_is_cut_wide(usual):
    left, top, across, down = face_place.window(
        face_place.Box(100, 100, 60), usual, (400, 400), aspect=1.5
    )
    assert across / down == pytest.approx(1.5)
    assert (130 - left) / across == pytest.approx(usual.across)
    assert (130 - top) / down == pytest.approx(usual.down)


def test_the_cut_is_the_part_itself():
    picture = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    assert np.array_equal(face_place.cut(picture, (20, 10, 40, 30), 30, 40), picture[10:40, 20:60])


def test_outside_the_photograph_its_edge_goes_on():
    picture = np.zeros((50, 60, 3), np.uint8)
    picture[:, :5], picture[:, -5:] = 200, 90
    found = face_place.cut(picture, (-40, -10, 140, 70), 70, 140)
    assert (found[:, :42] == 200).all()
    assert (found[:, 97:] == 90).all()


def test_a_part_far_larger_than_the_photograph_is_refused():
    with pytest.raises(ValueError, match="many times"):
        face_place.cut(np.zeros((50, 50, 3), np.uint8), (-1e6, 0, 2e6, 50), 8, 8)


def test_pictures_without_faces_say_nothing_about_the_place():
    blank = [np.full((24, 24, 3), shade, np.uint8) for shade in range(20, 200, 10)]
    assert face_place.usual_box(blank) == face_place.UNKNOWN
