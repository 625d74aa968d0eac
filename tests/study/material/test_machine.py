"""What a machine answers: checked against planted releases and a plain nearest neighbour."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.attacks import releases
from core.attacks.identity import face_network
from core.seeding import seed_of
from core.storage import dataset_folders
from core.study.material import machine
from tests.tiny_faces import tiny_faces

CPU = torch.device("cpu")
FACES = tiny_faces(identities=80, size=8)
TEST = FACES.indices("test")


def releasing(release, value=None):
    return lambda x, generator: release(x, generator, value)


def colours(x, generator, value):
    """Three coordinates of a person's own colour, and before them a loud one of mere noise."""
    loud = 1e4 * (x[:, :1, 0, 0] - x[:, :1, 0, 1])
    return torch.cat((loud, x[:, :, -1, -1]), 1)


def questions(same=False, options=4, seed=0):
    """(rows asked about, rows (n, m) of options, the right one first)."""
    drawn = np.random.default_rng(seed)
    people = np.unique(FACES.identities[TEST])
    rows, lines = [], []
    for person in people:
        mine = TEST[FACES.identities[TEST] == person]
        others = drawn.choice(people[people != person], options - 1, replace=False)
        beside = [TEST[FACES.identities[TEST] == other][0] for other in others]
        rows.append(mine[0])
        lines.append([mine[0] if same else mine[1], *beside])
    return np.array(rows), np.array(lines)


def answers(release, rows, options):
    x = releases.photographs(FACES, rows, CPU)
    asked = releases.released(release, x, seed_of("test"))
    return machine.by_release(release, FACES, asked, options, "test")


def test_it_is_the_nearest_release_on_the_attackers_scale():
    rows, options = questions()

    def seen(which):
        return colours(releases.photographs(FACES, which, CPU).float() / 255, None, None).numpy()

    attacker = seen(FACES.indices("attacker"))
    scaled = {
        k: (seen(v) - attacker.mean(0)) / attacker.std(0)
        for k, v in {"asked": rows, "options": options.ravel()}.items()
    }
    offered = scaled["options"].reshape(*options.shape, -1)
    nearest = np.linalg.norm(scaled["asked"][:, None] - offered, axis=2).argmin(1)
    found = answers(releasing(colours), rows, options)
    assert found == nearest.tolist()
    assert 0 < np.mean(nearest != 0) < 0.7  # neither trivial nor hopeless


def test_the_very_photograph_is_found_unless_the_release_is_noise():
    rows, options = questions(same=True)
    assert answers(releasing(colours), rows, options) == [0] * len(rows)

    def noise(x, generator, value):
        return torch.randn(len(x), 5, generator=generator) * value + x.mean((1, 2, 3))[:, None]

    found = answers(releasing(noise, 50.0), rows, options)
    assert 0 < np.mean(np.array(found) == 0) < 0.7


def test_noise_follows_from_the_purpose():
    def noise(x, generator, value):
        return torch.randn(len(x), 5, generator=generator)

    x = releases.photographs(FACES, TEST, CPU)
    one, again, other = (
        releases.released(releasing(noise), x, seed_of(p)) for p in ("a", "a", "b")
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_release_that_says_nothing_leaves_the_machine_to_chance():
    rows, options = questions(same=True)

    def constant(x, generator, value):
        return torch.ones(len(x), 3)

    found = np.array(answers(releasing(constant), rows, options))
    assert len(np.unique(found)) > 1
    assert np.mean(found == 0) < 0.7


def test_ties_are_drawn_evenly_and_nothing_but_ties():
    distances = np.tile([2.0, 1.0, 1.0, 3.0], (4000, 1))
    found = np.array(machine.nearest(distances, "a"))
    assert set(found) == {1, 2}
    assert abs(np.mean(found == 1) - 0.5) < 0.04
    assert machine.nearest(distances, "a") == found.tolist()
    assert machine.nearest(distances, "b") != found.tolist()


def test_few_photographs_of_the_attackers_are_spread_over_the_split(monkeypatch):
    monkeypatch.setattr(machine, "SCALED_NUMBERS", 0)
    monkeypatch.setattr(machine, "FEWEST_SCALED", 5)
    taken = []

    def watching(x, generator, value):
        taken.append(x)
        return x.flatten(1)

    rows, options = questions()
    answers(releasing(watching), rows, options)
    attacker = FACES.images[FACES.indices("attacker")[[0, -1]]].transpose(0, 3, 1, 2) / 255
    five = [x for x in taken if len(x) == 5]
    assert five
    for x in five:
        assert np.allclose(x[[0, -1]].numpy(), attacker, atol=1e-6)


def test_without_a_face_network_there_is_no_second_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    rows, options = questions()
    pictures = np.asarray(FACES.images[rows])
    assert machine.by_picture(FACES, pictures, options, "test", CPU) == [None] * len(options)
    assert not any(tmp_path.iterdir())  # and none is trained


def test_the_second_machine_sees_the_redrawn_face(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    folder = dataset_folders.face_network(FACES)
    folder.mkdir(parents=True)
    (folder / "done").touch()
    monkeypatch.setattr(
        face_network,
        "read",
        lambda folder, faces: SimpleNamespace(
            to=lambda device: lambda x: torch.nn.functional.normalize(x.flatten(1) - 0.4)
        ),
    )
    rows, options = questions()
    for place in (0, 2):  # shown what an option is, it takes that option
        shown = np.asarray(FACES.images[options[:, place]])
        found = machine.by_picture(FACES, shown, options, "test", CPU)
        assert found == [place] * len(rows)


@pytest.mark.parametrize("options", [2, 8])
def test_any_number_of_options(options):
    rows, lines = questions(options=options)
    found = answers(releasing(colours), rows, lines)
    assert len(found) == len(rows)
    assert set(found) <= set(range(options))
