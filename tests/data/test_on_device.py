"""Batches on the device: every photograph once per epoch, the same on every run."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data import on_device
from core.data.on_device import batch_positions, draw, steps_for, to_device
from core.errors import PenumbraError
from core.methods.declare import PARTS
from tests.tiny_faces import tiny_faces


@given(st.integers(1, 300), st.integers(1, 70), st.integers(0, 5), st.integers(1, 4))
def test_every_photograph_exactly_once_per_epoch(n, batch_size, seed, epochs):
    steps = steps_for(n, batch_size, epochs)
    batches = [batch_positions(n, batch_size, step, seed, "train") for step in range(steps)]
    assert all(batch.shape == (batch_size,) and batch.dtype == torch.int64 for batch in batches)
    drawn = torch.cat(batches)
    assert n * epochs <= len(drawn) < n * epochs + batch_size
    for epoch in range(epochs):
        assert sorted(drawn[epoch * n : (epoch + 1) * n].tolist()) == list(range(n))


def test_a_pure_function_of_its_arguments():
    wanted = [batch_positions(100, 16, step, 7, "train") for step in range(20)]
    on_device._permutation.cache_clear()
    for step in reversed(range(20)):
        assert torch.equal(batch_positions(100, 16, step, 7, "train"), wanted[step])
    torch.manual_seed(99)
    assert torch.equal(batch_positions(100, 16, 3, 7, "train"), wanted[3])
    for other in [(7, "pretrain"), (8, "train"), (7, 0)]:
        assert not torch.equal(batch_positions(100, 16, 3, *other), wanted[3])
    epochs = [batch_positions(100, 100, step, 7, "train") for step in range(2)]
    assert not torch.equal(*epochs)


def test_drawing_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    on_device._permutation.cache_clear()
    batch_positions(50, 8, 0, 0, "train")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("arguments", [(0, 8, 0), (8, 0, 0), (8, 8, -1)])
def test_impossible_batches(arguments):
    with pytest.raises(ValueError, match="no batch"):
        batch_positions(*arguments, 0, "train")


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("host", [1.0, 0.0])  # share of the memory: all in RAM, or none
def test_batches_hold_the_photographs_and_labels_asked_for(monkeypatch, channels_last, host):
    monkeypatch.setattr(on_device, "SHARE_OF_HOST", host)
    faces = tiny_faces(size=16)
    attacker = to_device(faces, "attacker", "cpu", channels_last)
    rows = faces.indices("attacker")
    assert len(attacker) == len(rows)
    assert (attacker.images is None) == (host == 0.0)
    if host:
        assert attacker.images.shape == (len(rows), 3, 16, 16)
        assert attacker.images.dtype == torch.uint8
    positions = torch.tensor([5, 0, 5, len(rows) - 1])
    x, attributes = draw(attacker, positions)
    assert x.shape == (4, 3, 16, 16)
    assert x.dtype == attributes.dtype == torch.float32
    wanted = faces.images[rows[positions.numpy()]].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(x.numpy(), wanted / 255, atol=1e-6)
    np.testing.assert_array_equal(attributes.numpy(), faces.attributes[rows[positions.numpy()]])
    np.testing.assert_array_equal(attacker.identities.numpy(), faces.identities[rows])
    if channels_last:
        assert x.is_contiguous(memory_format=torch.channels_last)
    elif host:
        assert x.is_contiguous()


def test_chosen_positions():
    faces = tiny_faces(size=16)
    some = to_device(faces, np.array([3, 1, 8]), "cpu")
    x, _ = draw(some, torch.tensor([2]))
    np.testing.assert_allclose(x[0].permute(1, 2, 0).numpy(), faces.images[8] / 255, atol=1e-6)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("device_share", "host_share"), [(0.5, 0.6), (0.0, 0.6), (0.0, 0.0)])
@pytest.mark.parametrize("channels_last", [False, True])
def test_cuda_whole_or_by_batch(monkeypatch, device_share, host_share, channels_last):
    monkeypatch.setattr(on_device, "SHARE_OF_DEVICE", device_share)
    monkeypatch.setattr(on_device, "SHARE_OF_HOST", host_share)
    faces = tiny_faces(size=16)
    held = to_device(faces, "test", "cuda", channels_last)
    for step in range(5):
        positions = batch_positions(len(held), 8, step, 0, "train", "cuda")
        x, attributes = draw(held, positions)
        assert x.is_cuda
        assert attributes.is_cuda
        rows = faces.indices("test")[positions.cpu().numpy()]
        wanted = faces.images[rows].transpose(0, 3, 1, 2) / 255
        np.testing.assert_allclose(x.cpu().numpy(), wanted, atol=1e-6)
        if channels_last:
            assert x.is_contiguous(memory_format=torch.channels_last)


def several(counts):
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def test_pairs_show_one_person_twice_and_never_one_photograph_twice():
    identities = np.random.default_rng(0).permutation(several([1, 2, 5, 3, 1, 4, 2, 2]))
    for step in range(30):
        rows = on_device.pair_positions(identities, 9, step, seed=1, stage=2).numpy()
        assert len(rows) == 8  # nine is made even
        people = identities[rows].reshape(-1, 2)
        assert (people[:, 0] == people[:, 1]).all()
        assert (rows.reshape(-1, 2)[:, 0] != rows.reshape(-1, 2)[:, 1]).all()
        assert not set(people.reshape(-1)) & {0, 4}  # they have one photograph only


def test_pairs_visit_everybody_before_anybody_returns_and_follow_the_seed():
    identities = several([2] * 12)
    drawn = [on_device.pair_positions(identities, 8, step, 0, 0) for step in range(3)]
    assert sorted(identities[np.concatenate(drawn)]) == sorted(several([2] * 12))
    again = [on_device.pair_positions(identities, 8, step, 0, 0) for step in range(3)]
    assert all(a.equal(b) for a, b in zip(drawn, again, strict=True))
    assert not drawn[0].equal(on_device.pair_positions(identities, 8, 0, 1, 0))


def test_pairs_need_people_with_a_second_photograph():
    with pytest.raises(PenumbraError, match="two photographs of each"):
        on_device.pair_positions(several([1, 1, 1, 3]), 4, 0, 0, 0)


def test_the_protector_and_his_adversary_share_no_identity():
    faces = tiny_faces(identities=120, images=2, size=8)
    parts = {part: on_device.part_indices(faces, part) for part in PARTS}
    people = {part: set(faces.identities[rows].tolist()) for part, rows in parts.items()}
    assert not people["protector"] & people["adversary"]
    assert people["protector"] | people["adversary"] == people["all"]
    assert 0.6 < len(people["protector"]) / len(people["all"]) < 0.95
    with pytest.raises(PenumbraError, match="too few people"):
        on_device.part_indices(tiny_faces(identities=4, images=2, size=8), "adversary")
