"""People and their photographs: measured labels, what varies, what stays."""

import numpy as np
import pytest

from core.synthetic import mesh, people, render, shape
from core.synthetic.camera_and_light import EYE_LEVEL, Camera, Pose, sample_photograph
from core.synthetic.correlations import completed

TABLE = completed()
MEASURED = {"Big_Lips": "big_lips", "Big_Nose": "big_nose", "High_Cheekbones": "high_cheekbones"}


@pytest.fixture(scope="module")
def crowd():
    return [people.make_person(5, number, TABLE) for number in range(40)]


@pytest.fixture(scope="module")
def somebody():
    person, vertices = people.make_person(5, 0, TABLE)
    return person, render.prepare(person, vertices, people.generator(5, 0, 1))


def photo_of(person, *key):
    return sample_photograph(people.generator(9, *key), person, TABLE)


@pytest.mark.parametrize("name", MEASURED.values())
def test_labels_agree_with_a_fresh_measurement_outside_the_dead_zone(crowd, name):
    low, high = shape.DEAD_ZONES[name]
    sides = set()
    for person, vertices in crowd:
        value = shape.measure(shape.neutral(person))[name]
        assert value == pytest.approx(shape.measure(vertices)[name], abs=1e-4)
        assert value <= low or value >= high
        assert person[name] == (value >= high)
        sides.add(person[name])
    assert sides == {True, False}


@pytest.mark.parametrize("name", MEASURED.values())
def test_measurements_do_not_only_follow_gender(crowd, name):
    for male in (True, False):
        assert {p[name] for p, _ in crowd if p["male"] == male} == {True, False}


def test_feature_axes_raise_their_measurement():
    base = mesh.head().vertices
    for name in shape.AXES:
        values = [
            shape.measure(shape._with_axes(base, {name: amount}))[name]
            for amount in (-1, -0.3, 0.3, 1)
        ]
        assert np.all(np.diff(values) > 0)


def test_clothes_differ_from_photograph_to_photograph(somebody):
    person, prepared = somebody
    photos = [photo_of(person, k) for k in range(4)]
    assert len({tuple(photo["cloth"]) for photo in photos}) == 4
    assert len({photo["neckline"] for photo in photos}) == 4
    same = dict(photos[0], neckline=6.1, yaw=0.0, pitch=0.0)
    pictures = [
        render.photograph(person, prepared, dict(same, cloth=c), 64, people.generator(1))
        for c in (np.array([0.6, 0.05, 0.05]), np.array([0.05, 0.05, 0.6]))
    ]
    changed = np.abs(pictures[0].astype(int) - pictures[1]).max(-1) > 20
    assert changed[48:].any()
    assert not changed[:40].any()


def test_glasses_change_the_eyes_and_nothing_far_below(somebody):
    person, prepared = somebody
    photo = dict(photo_of(person, 0), yaw=0.0, pitch=0.0, roll=0.0)
    without, worn = (
        render.photograph(person, prepared, dict(photo, glasses=g), 64, people.generator(1))
        for g in (False, True)
    )
    changed = np.abs(without.astype(int) - worn).max(-1) > 20
    assert changed[22:38].sum() > 40
    assert changed[54:].sum() == 0


@pytest.mark.parametrize("habit", ["glasses_habit", "makeup_habit"])
def test_some_people_wear_it_always_some_never_some_sometimes(habit):
    table = completed({"male": 0.0})
    found = set()
    for number in range(120):
        person, _ = _quick(number, table)
        photos = [
            sample_photograph(people.generator(8, number, k), person, table) for k in range(8)
        ]
        worn = [photo[habit.split("_")[0]] for photo in photos]
        found.add("always" if all(worn) else "sometimes" if any(worn) else "never")
    assert found == {"always", "sometimes", "never"}


def test_beards_come_and_go_for_some_men():
    table = completed({"male": 1.0})
    kinds = []
    for number in range(60):
        person, _ = _quick(number, table)
        photos = [
            sample_photograph(people.generator(8, number, k), person, table) for k in range(8)
        ]
        kinds.append(frozenset(photo["facial_hair"] for photo in photos))
    assert frozenset({"none"}) in kinds
    assert any(len(kind) == 1 and kind != {"none"} for kind in kinds)
    assert any("none" in kind and len(kind) > 1 for kind in kinds)


def _quick(number, table):
    from core.synthetic import identity

    return identity.sample(people.generator(4, number), table), None


def test_eyes_lie_at_their_height_in_the_picture(somebody):
    person, prepared = somebody
    photo = photo_of(person, 1)
    vertices = prepared["vertices"]
    posed = Pose(vertices, photo).points(vertices)
    camera = Camera(vertices, posed, photo, 128)
    middle = (mesh.joint(posed, "l-eye") + mesh.joint(posed, "r-eye")) / 2
    _, row, _ = camera.project(middle[None].astype(np.float32))
    assert row[0] == pytest.approx(EYE_LEVEL * 128, abs=1e-3)


def test_labels_are_binary_and_consistent():
    for picture, attributes, meta in people.photographs(5, 1, 3, 32, TABLE):
        assert picture.shape == (32, 32, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 10
        assert set(attributes.values()) <= {0, 1}
        assert all(name.startswith("meta_") for name in meta)
        hair = [attributes[f"{c}_Hair"] for c in ("Black", "Blond", "Brown", "Gray")]
        assert sum(hair) <= (0 if attributes["Bald"] else 1)
        if attributes["Mustache"] or attributes["Goatee"] or attributes["5_o_Clock_Shadow"]:
            assert attributes["Male"]
            assert not attributes["No_Beard"]
        if attributes["Heavy_Makeup"]:
            assert attributes["Wearing_Lipstick"]
