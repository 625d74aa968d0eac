"""Multi-scale structural similarity, for measuring and for training against."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.errors import PenumbraError

# Wang, Simoncelli and Bovik 2003, section 3.2: the exponents of the five scales.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def window_and_scales(side: int) -> tuple[int, int]:
    """(window, scales) of MS-SSIM for pictures whose smaller side is `side` pixels: the paper's
    window of 11 over five scales or, below 161 pixels, the largest odd one with
    (window - 1) * 16 < side; below 33 pixels a window of 3 over fewer scales.
    """
    if side < 3:
        raise PenumbraError(f"pictures of {side} pixels are too small for MS-SSIM: use 3 or more")
    window = min(11, 2 * ((math.ceil(side / 16) - 1) // 2) + 1)
    if window >= 3:
        return window, 5
    return 3, min(5, math.ceil(math.log2(side / 2)))


def ms_ssim(first: Tensor, second: Tensor, floor: float = 0.0) -> Tensor:
    """MS-SSIM (n,) of float pictures (n, C, H, W) in [0, 1]: in [0, 1], 1 for equal pictures.

    Wang, Simoncelli and Bovik, Asilomar 2003, Eq. 7; with fewer than five scales their weights are
    divided by their sum. Terms below `floor` are held there. Train with a floor above 0, where
    x ** .0448 has no finite slope.

    Equals `pytorch_msssim.ms_ssim`, which knows no floor and no fewer scales. Windows are applied
    tap by tap, with a backward pass of their own: `python -m bench.ms_ssim` measures what that saves.
    """
    window, scales = window_and_scales(min(second.shape[-2:]))
    taps = [math.exp(-((i - window // 2) ** 2) / (2 * 1.5**2)) for i in range(window)]
    taps = [tap / sum(taps) for tap in taps]
    weights = SCALE_WEIGHTS[:scales]
    if scales < len(SCALE_WEIGHTS):
        weights = tuple(weight / sum(weights) for weight in weights)
    product = torch.ones(first.shape[:2], device=first.device)
    for scale, weight in enumerate(weights):
        if scale:
            odd = [side % 2 for side in first.shape[-2:]]
            first = functional.avg_pool2d(first, 2, padding=odd)
            second = functional.avg_pool2d(second, 2, padding=odd)
        mean1, mean2 = _smoothed(first, taps), _smoothed(second, taps)
        spread = _smoothed(first**2 + second**2, taps) - mean1**2 - mean2**2
        covariance = _smoothed(first * second, taps) - mean1 * mean2
        term = (2 * covariance + 0.03**2) / (spread + 0.03**2)
        if scale == scales - 1:
            term = term * (2 * mean1 * mean2 + 0.01**2) / (mean1**2 + mean2**2 + 0.01**2)
        product = product * term.mean((2, 3)).clamp_min(floor) ** weight
    return product.mean(1)


class _Smoothed(torch.autograd.Function):
    """Convolution of height and width of x (n, C, H, W) with a symmetric window, valid part only.

    The window is its own transpose, so the gradient is the same convolution of the padded one.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: list[float]) -> Tensor:
        ctx.taps = taps
        return _convolved(x, taps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        beyond = len(ctx.taps) - 1
        return _convolved(functional.pad(gradients[0], (beyond,) * 4), ctx.taps), None


def _smoothed(x: Tensor, taps: list[float]) -> Tensor:
    return _Smoothed.apply(x, taps)  # type: ignore[no-untyped-call,no-any-return]


def _convolved(x: Tensor, taps: list[float]) -> Tensor:
    for dim in (2, 3):
        length = x.shape[dim] - len(taps) + 1
        total = x.narrow(dim, 0, length) * taps[0]
        for i, tap in enumerate(taps[1:], 1):
            total.add_(x.narrow(dim, i, length), alpha=tap)
        x = total
    return x
