"""Rows that are read where they are asked for, beside the tensor that they stand for."""

import numpy as np
import pytest
import torch

from core.data import held
from core.errors import PenumbraError

CPU = torch.device("cpu")
WHOLE = torch.randn(11, 2, 3, generator=torch.Generator().manual_seed(0)).half().float()


def in_file(folder, rows=WHOLE, size=4):
    return held.in_file(rows.split(size), len(rows), CPU, folder)


@pytest.mark.parametrize(
    "key", [0, -1, slice(2, 7), slice(0, 0), torch.tensor([3, 3, 0]), np.array([10, 1])]
)
def test_they_are_taken_as_a_tensor_s(tmp_path, key):
    rows = in_file(tmp_path)
    assert (rows.shape, rows.ndim, len(rows)) == (WHOLE.shape, 3, 11)
    assert torch.equal(rows[key], WHOLE[key])


def test_they_come_in_order_and_leave_no_file(tmp_path):
    rows = in_file(tmp_path)
    assert [len(part) for part in rows.split(5)] == [5, 5, 1]
    assert torch.equal(torch.cat(list(rows.split(5))), WHOLE)
    assert torch.equal(rows.cpu(), WHOLE)
    assert not list(tmp_path.iterdir())


def test_what_follows_from_them_is_what_follows_from_the_tensor(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "BLOCK", 4)
    rows, order = in_file(tmp_path), np.array([7, 0, 7, 10])
    assert torch.equal(held.subset(rows, order)[:], held.subset(WHOLE, order))
    doubled = held.mapped(rows, lambda z: z.flatten(1) * 2)
    assert doubled.shape == (11, 6)
    assert torch.equal(held.subset(doubled, order)[:], WHOLE.flatten(1)[order] * 2)
    assert torch.equal(held.together(rows, torch.neg), -WHOLE)
    for over in ((0,), (0, 2)):
        mine, its = (held.mean(z, torch.square, over) for z in (rows, WHOLE))
        assert mine.shape == its.shape
        torch.testing.assert_close(mine, its)


def test_what_is_in_memory_can_be_changed_when_it_is_read(tmp_path):
    asked = []

    def change(part):
        asked.append(len(part))
        return part.flatten(1) * 2

    for rows in (WHOLE, in_file(tmp_path)):
        changed = held.at_need(rows, change)
        assert asked == [1], "only to see its shape"
        assert (changed.shape, changed.device) == ((11, 6), CPU)
        assert torch.equal(changed[torch.tensor([3, 3, 0])], 2 * WHOLE[[3, 3, 0]].flatten(1))
        assert torch.equal(changed.cpu(), 2 * WHOLE.flatten(1))
        asked.clear()


def test_one_after_another(tmp_path):
    rows = in_file(tmp_path)
    whole = torch.cat((WHOLE, WHOLE[:3], WHOLE))
    both = held.joined([rows, WHOLE[:3], held.mapped(rows, lambda z: z)])
    assert len(both) == 25
    order = np.array([24, 0, 12, 11, 13, 14, 10])
    assert torch.equal(held.subset(both, order)[:], whole[order])
    assert isinstance(held.joined([WHOLE, WHOLE]), torch.Tensor)


def test_what_half_precision_has_no_numbers_for_is_kept_as_well(tmp_path):
    """Large numbers, small ones, and small differences of large ones: attackers read them all."""
    kinds = torch.tensor([[1.0, 1e6, 1e-7, 0.01, 1.0]]), torch.tensor([[0, 0, 0, 1000.0, 3e4]])
    noise = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    rows = noise * kinds[0] + kinds[1]
    found = in_file(tmp_path, rows, 16)[:]
    off = (found - rows).square().mean(0).sqrt() / rows.std(0)
    assert off.max() < 0.01


def test_what_is_finite_stays_finite_and_what_is_not_stays_what_it_is(tmp_path):
    values = torch.tensor([[1.0], [2.0], [3.0], [4.0], [1e6], [float("inf")], [float("nan")]])
    found = in_file(tmp_path, values)[:]
    assert found[4].item() == 65504.0  # far from where the first rows lie
    assert found[5].isinf()
    assert found[6].isnan()


def test_rows_far_from_the_first_part_are_kept(tmp_path):
    """A unit that hardly ever fires: all but one row are a constant, up to rounding."""
    noise = 1e-7 * torch.randn(40, 1, generator=torch.Generator().manual_seed(0))
    for middle in (0.0, 5.0):
        rows = middle + noise
        rows[30] = middle + 0.2
        assert in_file(tmp_path, rows, 16)[30].item() == pytest.approx(middle + 0.2, rel=1e-3)


def test_a_disk_without_room_is_named(tmp_path, monkeypatch):
    usage = held.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(held.shutil, "disk_usage", lambda folder: usage._replace(free=131))
    with pytest.raises(PenumbraError, match=r"11 photographs .* PENUMBRA_HOME to another disk"):
        in_file(tmp_path)
    monkeypatch.setattr(held.shutil, "disk_usage", lambda folder: usage._replace(free=132))
    assert len(in_file(tmp_path)) == 11
