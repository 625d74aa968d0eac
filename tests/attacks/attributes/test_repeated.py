"""Noise that is drawn anew with every release can be learned, and averaged away."""

import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.attributes.repeated import averaging, informed
from core.attacks.releases import draws_noise, released
from core.errors import PenumbraError
from tests.attacks.planted import value, view

NOISE = 3.0


def noisy(noise=NOISE, leak=1.0):
    """A release of 8 numbers, one of which follows Planted, under noise drawn anew each time."""
    given = view("coordinate")
    planted = {s: torch.from_numpy(a[:, 0] * 2.0 - 1) for s, a in given.attributes.items()}
    # The mark is put into the photographs, so that whoever releases them again finds it.
    x = {s: pictures.clone() for s, pictures in given.x.items()}
    for split, pictures in x.items():
        pictures[:, 0, 0, 0] = (127.5 + 100 * leak * planted[split]).to(torch.uint8)

    def release(x, generator):
        mark = (x[:, 0, 0, 0] * 255 - 127.5) / 100
        z = 0.2 * torch.ones(len(x), 8)
        z[:, 3] = mark
        return z + noise * torch.randn(len(x), 8, generator=generator)

    z = {s: released(release, pictures, i) for i, (s, pictures) in enumerate(x.items())}
    return dataclasses.replace(given, release=release, x=x, z=z)


def run(attack, given):
    return attack.run(given, torch.Generator().manual_seed(0))


def area(result):
    return value(result, "attribute:Planted", "auc")


def test_whether_a_release_holds_noise_is_found_out():
    for given, expected in ((noisy(), True), (noisy(noise=0.0), False), (view("map"), False)):
        assert draws_noise(given.release, given.x["validation"]) == expected


@pytest.mark.parametrize("attack", [informed, averaging])
def test_a_release_without_noise_leaves_nothing_to_repeat(attack):
    result = run(attack, noisy(noise=0.0))
    assert (result.findings, result.arrays) == ([], {})


@pytest.fixture(scope="module")
def averaged():
    return run(averaging, noisy())


def test_averaging_takes_the_noise_away(averaged):
    # Marks of -1 and 1 under noise s give an AUC of Phi(sqrt(2) / s) at best: .68 at 3, and .97 at
    # a fourth of that, which is what is left after sixteen releases.
    assert area(run(ATTACKS["logistic"], noisy())) < 0.72
    assert area(averaged) == pytest.approx(0.97, abs=0.05)


def test_averaging_finds_nothing_where_nothing_is():
    assert value(run(averaging, noisy(leak=0.0)), "attribute:Planted", column="low") < 0.55


def test_averaging_competes_with_nobody_and_names_people(averaged):
    assert averaged.arrays == {}
    assert value(averaged, "identity", "top1_accuracy", "chance") == pytest.approx(1 / 40)
    assert {row["role"] for row in averaged.findings} == {"private", "unlisted"}


def test_an_informed_attacker_learns_from_several_releases_and_competes():
    given = noisy()
    result = run(informed, given)
    assert area(result) > area(run(ATTACKS["logistic"], given)) - 0.05
    assert result.arrays["targets"].tolist() == ["attribute:Planted", "attribute:Absent"]
    assert result.arrays["kept"].tolist() == ["Planted"]
    assert np.isfinite(result.arrays["validation"]).all()
    assert {row["target"] for row in result.findings} == set(result.arrays["targets"])
    assert run(informed, given).findings == result.findings  # one seed, one outcome


@pytest.mark.parametrize("attack", [informed, averaging])
def test_a_release_that_is_not_finite_when_it_is_repeated_is_refused(attack):
    given = noisy()

    def broken(x, generator):
        z = given.release(x, generator)
        z[0] = torch.inf
        return z

    with pytest.raises(PenumbraError, match="NaN or infinite"):
        run(attack, dataclasses.replace(given, release=broken))


def test_one_seed_gives_the_same_noise_whatever_passes_a_network_at_once(monkeypatch):
    x = torch.randint(0, 256, (300, 3, 4, 4), dtype=torch.uint8)

    def release(pictures, generator):
        kept = torch.rand(len(pictures), 3, generator=generator) < 0.5
        return torch.where(kept, pictures.mean((2, 3)), torch.randn(1, 3, generator=generator))

    found = []
    for many in (32, 256):
        monkeypatch.setattr("core.device.batch", lambda device, many=many: many)
        found.append(released(release, x, seed=3))
    assert torch.equal(*found)
    assert not torch.equal(found[0], released(release, x, seed=4))


def test_people_are_named_by_whoever_learned_where_they_differ():
    """Of 24 numbers three tell people apart; the others are large and follow the photograph."""
    given = noisy()
    rng = np.random.default_rng(0)
    marks = {person: rng.normal(size=3) for s in given.identities.values() for person in set(s)}
    own = {
        s: torch.from_numpy(np.stack([marks[person] for person in people])).float()
        for s, people in given.identities.items()
    }
    loud = {s: torch.from_numpy(rng.normal(0, 5, (len(z), 21))).float() for s, z in own.items()}
    kept = {s: torch.cat((own[s], loud[s]), 1) for s in own}
    places = {s: {x.numpy().tobytes(): i for i, x in enumerate(given.x[s])} for s in own}

    def release(pictures, generator):
        pixels = (pictures * 255).round().to(torch.uint8)
        found = [
            next(kept[s][at[x]] for s, at in places.items() if x in at)
            for x in (picture.numpy().tobytes() for picture in pixels.contiguous())
        ]
        z = torch.stack(found)
        return z + 0.5 * torch.randn(z.shape, generator=generator)

    given = dataclasses.replace(
        given, release=release, z={s: released(release, x, 0) for s, x in given.x.items()}
    )
    single = value(run(ATTACKS["nearest_neighbour"], given), "identity", "top1_accuracy")
    averaged = run(averaging, given)
    assert value(averaged, "identity", "top1_accuracy") > single + 0.3
    assert {row["attacker"] for row in averaged.findings} == {"averaging"}
