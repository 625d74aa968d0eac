"""The kernel encoder in closed form: the eigenproblem, its trade-off, and its random features."""

import pytest
import torch

from core.methods.others import kernel_adversarial as kernel
from core.nets.closed_forms import KernelEncoder


def drawn(n=600, seed=0):
    """Two places in the plane: the first says the task, the second the secret, which go together in
    some."""
    generator = torch.Generator().manual_seed(seed)
    y = (torch.rand(n, 1, generator=generator) > 0.5).double()
    s = torch.where(torch.rand(n, 1, generator=generator) > 0.3, y, 1 - y)
    x = torch.cat((y, s), 1) + 0.3 * torch.randn(n, 2, generator=generator).double()
    return x, y, s


def lifted(x, count=80):
    torch.manual_seed(0)
    encoder = KernelEncoder(x.shape[1], count, 1).double()
    encoder.scale_by(x.mean(0), torch.full((x.shape[1],), 1.0).double())
    return encoder.lift(x)


def codes(weight, width=1):
    x, y, s = drawn()
    phi = lifted(x)
    u = kernel.encoder_weights(phi, kernel.indicators(y), kernel.indicators(s), weight, width)
    return (phi - phi.mean(0)) @ u, y, s


def dependence(z, labels):
    """HSIC with linear kernels: the squared norm of the cross-covariance."""
    return ((z - z.mean(0)).T @ (labels - labels.mean(0)) / len(z)).square().sum().item()


def test_random_features_have_the_kernel_as_their_product():
    torch.manual_seed(1)
    encoder = KernelEncoder(3, 20_000, 1)
    x = torch.randn(5, 3)
    phi = encoder.lift(x)
    expected = (-torch.cdist(x, x).square() / 2).exp()
    torch.testing.assert_close(phi @ phi.T, expected, rtol=0, atol=0.04)


def test_weights_solve_the_eigenproblem():
    x, y, s = drawn()
    phi, weight = lifted(x), 0.3
    y, s = kernel.indicators(y), kernel.indicators(s)
    u = kernel.encoder_weights(phi, y, s, weight, 1)
    centred = phi - phi.mean(0)
    a = centred.T @ centred / len(phi) + kernel.REGULARISER * torch.eye(phi.shape[1])
    b = []
    for labels in (y, s):
        crossed = centred.T @ (labels - labels.mean(0)) / len(phi)
        b.append(crossed @ crossed.T / torch.linalg.matrix_norm(crossed @ crossed.T, 2))
    both = (1 - weight) * b[0] - weight * b[1]
    rho = (u.T @ both @ u).item()
    torch.testing.assert_close(both @ u, rho * a @ u, rtol=1e-5, atol=1e-7)
    assert (u.T @ a @ u).item() == pytest.approx(1)
    largest = torch.linalg.eigvals(torch.linalg.solve(a, both)).real.max().item()
    assert rho == pytest.approx(largest)


def test_nothing_weighed_against_it_the_task_is_kept():
    z, y, _ = codes(0.0)
    correlation = torch.corrcoef(torch.cat((z, y), 1).T)[0, 1].abs()
    assert correlation > 0.8


def test_the_more_the_secret_weighs_the_less_of_it_is_left():
    found = [codes(weight) for weight in (0.0, 0.5, 0.9)]
    hidden = [dependence(z, s) for z, _, s in found]
    served = [dependence(z, y) for z, y, _ in found]
    assert hidden[0] > 1.3 * hidden[1] > 1.3 * hidden[2]
    assert hidden[2] < 0.05 * hidden[0]
    assert served[0] > served[1] > served[2] > 0


def test_what_is_the_secret_itself_is_not_sent():
    x, y, _ = drawn()
    phi, labels = lifted(x), kernel.indicators(y)
    for weight, sent in ((0.4, True), (0.6, False)):
        assert bool(kernel.encoder_weights(phi, labels, labels, weight, 1).any()) == sent


def test_there_are_no_more_numbers_than_the_task_has_uses_for():
    z, _, _ = codes(0.0, width=3)
    assert z[:, 0].std() > 0.5
    assert not z[:, 1:].any()


def test_combinations_of_labels_have_a_column_each():
    labels = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 0]])
    assert kernel.indicators(labels).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_the_head_is_a_least_squares_fit():
    z = torch.tensor([[0.0], [1], [2], [3]]).double()
    slopes, intercepts = kernel.least_squares(z, 2 * z + 1)
    assert (slopes.item(), intercepts.item()) == (pytest.approx(2), pytest.approx(1))
    slopes, intercepts = kernel.least_squares(torch.zeros(4, 1).double(), 2 * z + 1)
    assert (slopes.item(), intercepts.item()) == (0, 4)
