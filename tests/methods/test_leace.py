"""LEACE: the closed form by hand, what it guarantees, and what it leaves."""

import numpy as np
import pytest
import torch

from core import train
from core.data.on_device import read
from core.methods import METHODS
from core.methods.others import features, leace
from core.nets.closed_forms import Eraser
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import SMALL, small_presets, tiny_faces


def drawn(n=400, d=6, concepts=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = (torch.rand(n, concepts, generator=generator) > 0.4).double()
    mix = torch.randn(d, d, generator=generator).double()
    tell = torch.randn(concepts, d, generator=generator).double()
    return torch.randn(n, d, generator=generator).double() @ mix + 2 * z @ tell, z


def erased(x, z, share=1.0):
    d = x.shape[1]
    eraser = Eraser(d, d, z.shape[1]).double()
    eraser.turn(x.mean(0), torch.eye(d))
    eraser.fill(*leace.projection(x, z))
    return eraser.back(eraser(x, share))


def crossed(x, z):
    return (x - x.mean(0)).T @ (z - z.mean(0)) / len(x)


def test_the_closed_form_by_hand():
    """Class means (1.41, .71) and its opposite, covariance diag(4, 1): W = diag(1/2, 1), W Cov(X, Z) lies
    along (1, 1), and W^+ P W = diag(2, 1) [[1, 1], [1, 1]] / 2 diag(1/2, 1)."""
    middle, around = torch.tensor([2**0.5, 0.5**0.5]), torch.tensor([2**0.5, -(0.5**0.5)])
    x = torch.stack([middle + around, middle - around, around - middle, -middle - around]).double()
    z = torch.tensor([[1.0], [1], [0], [0]]).double()
    left, right = leace.projection(x, z)
    by_hand = torch.tensor([[0.5, 1.0], [0.25, 0.5]]).double()
    torch.testing.assert_close(left @ right, by_hand, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("concepts", [1, 3])
def test_means_of_the_classes_are_equal_afterwards(concepts):
    x, z = drawn(concepts=concepts)
    assert crossed(x, z).abs().max() > 0.1
    cleared = erased(x, z)
    assert crossed(cleared, z).abs().max() < 1e-10
    for column in z.T:
        means = [cleared[column == value].mean(0) for value in (0, 1)]
        torch.testing.assert_close(*means, rtol=0, atol=1e-9)
    assert torch.linalg.matrix_rank(x - cleared) == concepts


def test_a_share_leaves_that_much_less():
    x, z = drawn()
    torch.testing.assert_close(crossed(erased(x, z, 0.25), z), 0.75 * crossed(x, z))
    torch.testing.assert_close(erased(x, z, 0.0), x)


def test_no_projection_that_clears_as_well_changes_less():
    """Against the orthogonal projection, and the same formula with another metric."""
    x, z = drawn()

    def change(cleared):
        return (x - cleared).square().sum(1).mean()

    direction = crossed(x, z)[:, 0]
    direction = direction / direction.norm()
    orthogonal = x - ((x - x.mean(0)) @ direction)[:, None] * direction
    assert crossed(orthogonal, z).abs().max() < 1e-10
    least = change(erased(x, z))
    assert least < 0.999 * change(orthogonal)
    generator = torch.Generator().manual_seed(5)
    for _ in range(20):  # x - a b^T (x - mean) clears where b^T Cov(X, Z) = 1 and a is Cov(X, Z)
        b = torch.randn(len(direction), generator=generator).double()
        oblique = x - ((x - x.mean(0)) @ b / (b @ direction))[:, None] * direction
        assert change(oblique) > least


def test_dimensions_that_never_vary_are_left_alone():
    x, z = drawn()
    x = torch.cat([x, torch.zeros(len(x), 2).double(), x[:, :1]], 1)
    cleared = erased(x, z)
    assert cleared.isfinite().all()
    assert crossed(cleared, z).abs().max() < 1e-6
    torch.testing.assert_close(cleared[:, 6:8], x[:, 6:8])


def test_what_varies_in_almost_nobody_is_not_sent():
    """A unit that fires in one of 400: r(X) would carry in it what is erased, for the 399."""
    x, z = drawn()
    rare = torch.zeros(len(x), 1).double()
    rare[int(z[:, 0].argmax())] = 0.1
    x = torch.cat((x, rare), 1)
    mean, axes = leace.leading_axes(x, 7)
    assert axes.shape == (7, 7)
    assert axes.norm(dim=1).tolist() == pytest.approx([1] * 6 + [0])
    torch.testing.assert_close(axes[:6] @ axes[:6].T, torch.eye(6).double())
    places = (x - mean) @ axes.T
    assert (places.std(0)[:-1] >= places.std(0)[1:]).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_trained_and_stored_the_features_tell_nobody_by_a_straight_line(
    share, tmp_path, monkeypatch
):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    small_presets(monkeypatch)
    faces = tiny_faces(identities=40, size=SMALL)
    schedule = {"attribute_epochs": 3, "batch_size": 8}
    run = checked(Run("leace", "tiny", knobs={"share": share}, schedule=schedule))
    model = train.load(train.train(run, faces, "cpu", False))[2]
    rows = faces.indices("defender")
    x = read(faces, rows).float() / 255
    z = model.release(x, torch.Generator(), None)
    bare = features.penultimate(model.networks, x)
    male = torch.from_numpy(np.asarray(faces.attributes[rows, 0])).bool()

    def between(found):
        return (found[male].mean(0) - found[~male].mean(0)).abs().max() / found.std()

    assert between(bare) > 0.02
    assert (between(z) < 1e-4) == (share == 1)
    back = model.networks["eraser"].back(z)
    assert ((back - bare).abs().max() < 0.2 * bare.std()) == (share == 0)
    logits = model.networks["classifier"].head[-1](back)
    assert torch.equal(model.own_head(z), logits[:, :1])
    assert METHODS["leace"].knobs[0].grid[0] == 0
