"""Loss values against numbers worked out by hand from the equations."""

import math

import pytest
import torch

from core import losses


def test_cross_entropy_is_eq_1_summed_over_attributes():
    # sigmoid(0) = 1/2 with label 1 and sigmoid(ln 3) = 3/4 with label 0: ln 2 + ln 4
    logits = torch.tensor([[0.0, math.log(3)]])
    labels = torch.tensor([[1.0, 0.0]])
    assert losses.cross_entropy(logits, labels).item() == pytest.approx(math.log(8), rel=1e-6)


def test_cross_entropy_averages_over_the_batch():
    logits = torch.tensor([[0.0], [math.log(3)]])
    labels = torch.tensor([[1.0], [0.0]])
    assert losses.cross_entropy(logits, labels).item() == pytest.approx(math.log(8) / 2, rel=1e-6)


def test_dissimilarity_of_equal_pictures_is_zero():
    pictures = torch.rand(2, 3, 64, 64)
    assert losses.dissimilarity(pictures, pictures).item() == pytest.approx(0, abs=1e-6)


def test_dissimilarity_of_flat_pictures_is_the_luminance_term():
    # Flat pictures of .2 and .6: every contrast term is 1, the luminance term of the last scale is
    # (2 * .2 * .6 + .01^2) / (.2^2 + .6^2 + .01^2) = .2401 / .4001, to the power .1333.
    dark, bright = torch.full((1, 3, 64, 64), 0.2), torch.full((1, 3, 64, 64), 0.6)
    expected = 1 - (0.2401 / 0.4001) ** 0.1333
    assert losses.dissimilarity(dark, bright).item() == pytest.approx(expected, rel=1e-4)


def test_ms_ssim_has_a_finite_gradient_where_contrast_is_negative():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 64, 64)
    others = (1 - pictures).requires_grad_()  # the negative: all contrast terms below zero
    value = losses.dissimilarity(pictures, others)
    value.backward()
    assert 0.9 < value.item() <= 1
    assert others.grad is not None
    assert others.grad.isfinite().all()


def test_margin_softmax_is_cosfaces_eq_4():
    """Cosines 1 and 0, scale 2, margin .5: exp(2 * .5) against exp(0)."""
    cosines = torch.tensor([[1.0, 0.0]])
    loss = losses.margin_softmax(cosines, torch.tensor([0]), margin=0.5, scale=2.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-6)
    # Without a margin and with the other person it is the plain softmax.
    loss = losses.margin_softmax(cosines, torch.tensor([1]), margin=0.0, scale=2.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(2)), rel=1e-6)
