"""Loss functions: pure, one formula each, with the equation it comes from.

Sums over the N images of an equation are means over the batch here: a constant factor that leaves
Adam's steps and the trade-off between the terms as they are.
"""

from __future__ import annotations

import torch
from pytorch_msssim.ssim import _fspecial_gauss_1d, _ssim
from torch import Tensor
from torch.nn import functional

# Wang, Simoncelli & Bovik 2003, the weights of the five scales.
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Contrast terms below this are held there: x ** 0.0448 has no finite slope at 0, where strongly
# different pictures put it, and training would end in NaN.
SMALLEST_CONTRAST = 1e-4


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy summed over attributes, averaged over the batch.

    DeepObfuscator Eq. 1 (tasks) and Eq. 3 (private attributes); PRIC Eq. 1 (private attributes).
    logits, labels: (B, M); labels of 0 and 1. Scalar >= 0, in nats.
    """
    return (
        functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()
    )


def window(height: int, width: int) -> int:
    """Largest odd Gaussian window up to 11 that five scales of MS-SSIM allow:
    11 at 218x178, 7 at 128, 3 at 64 pixels. Below 33 pixels none fits (ValueError)."""
    side = min(height, width)
    for size in (11, 9, 7, 5, 3):
        if (size - 1) * 16 < side:
            return size
    raise ValueError(f"MS-SSIM needs pictures of at least 33 pixels, not {height}x{width}")


def ms_ssim(pictures: Tensor, others: Tensor) -> Tensor:
    """Multi-scale structural similarity of each pair, with a finite gradient everywhere.

    pictures, others: (B, C, H, W) in [0, 1]. Returns (B,) in [0, 1], 1 for equal pictures.
    Equals `pytorch_msssim.ms_ssim` where no contrast term falls under SMALLEST_CONTRAST.
    """
    channels = pictures.shape[1]
    gauss = _fspecial_gauss_1d(window(*pictures.shape[-2:]), 1.5)
    gauss = gauss.repeat(channels, 1, 1, 1).to(pictures)
    weights = pictures.new_tensor(MS_SSIM_WEIGHTS)
    terms = []
    for scale in range(len(weights)):
        if scale:
            padding = [side % 2 for side in pictures.shape[-2:]]
            pictures = functional.avg_pool2d(pictures, 2, padding=padding)
            others = functional.avg_pool2d(others, 2, padding=padding)
        similarity, contrast = _ssim(pictures, others, win=gauss, data_range=1.0)
        terms.append(similarity if scale == len(weights) - 1 else contrast)
    stacked = torch.stack(terms).clamp(min=SMALLEST_CONTRAST)
    return torch.prod(stacked ** weights.view(-1, 1, 1), dim=0).mean(1)


def dissimilarity(pictures: Tensor, others: Tensor) -> Tensor:
    """1 - MS-SSIM, averaged over the batch: DeepObfuscator Eq. 6 (against the original) and
    Eq. 8 (against a Gaussian noise image). Scalar in [0, 1]."""
    return 1 - ms_ssim(pictures, others).mean()


def defend_attributes(task: Tensor, adversary: Tensor, lambda1: float) -> Tensor:
    """DeepObfuscator Eq. 5: L(C) - lambda1 L(AC), for the obfuscator alone."""
    return task - lambda1 * adversary


def defend_pictures(task: Tensor, to_noise: Tensor, to_original: Tensor, lambda2: float) -> Tensor:
    """DeepObfuscator Eq. 9: L(C) + lambda2 (L(AR2) - L(AR1)), for the obfuscator alone."""
    return task + lambda2 * (to_noise - to_original)


# PRIC


def jensen_shannon_bound(matched: Tensor, mismatched: Tensor) -> Tensor:
    """PRIC Eq. 4, the Jensen-Shannon bound of I(x; z, u): -sp(-E(x, z, u)) - sp(E(x', z, u)).

    matched, mismatched: scores E (B,), sp the softplus. Scalar < 0, averaged over the batch; what
    tells nothing apart has E = 0 and the value -2 ln 2, perfect discrimination tends to 0.
    """
    return -functional.softplus(-matched).mean() - functional.softplus(mismatched).mean()


def hide_and_retain(attribute: Tensor, information: Tensor, weight: float) -> Tensor:
    """PRIC Eq. 6 for the extractor, which maximises L(C) + lambda I: -L(C) - lambda I."""
    return -attribute - weight * information
