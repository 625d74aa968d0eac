"""How alike two pictures are, one number per pair. Higher is more alike, so worse for privacy.

All functions take float tensors (n, C, H, W) with values in [0, 1] and return (n,).
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from pytorch_msssim import ms_ssim as _ms_ssim
from pytorch_msssim import ssim as _ssim
from torch import Tensor
from torch.nn import functional

from core.errors import PenumbraError

METRICS = ("ms_ssim", "ssim", "psnr")
# Identical pictures have an infinite ratio; 100 dB is below the rounding error of float32.
PSNR_CEILING = 100.0
# Wang et al. 2003, section 3.2: the exponents of the five scales.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _checked(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    if first.ndim != 4 or first.shape != second.shape:
        raise PenumbraError(
            f"pictures of shapes {tuple(first.shape)} and {tuple(second.shape)} cannot be "
            "compared: give two tensors of the same shape (n, C, H, W)"
        )
    first, second = first.float(), second.float()
    if not (torch.isfinite(first).all() and torch.isfinite(second).all()):
        raise PenumbraError("pictures contain NaN or infinite values: the decoder has diverged")
    return first, second


def ms_ssim_window(side: int) -> tuple[int, int]:
    """(window, scales) of MS-SSIM for pictures whose smaller side is `side` pixels.

    The paper's window of 11 needs 161 pixels over five scales. Below that the largest odd window
    with (window - 1) * 16 < side is taken: 7 at 128, 3 at 64. Below 33 pixels a window of 3 does
    not fit five times; the scales are reduced instead.
    """
    if side < 3:
        raise PenumbraError(f"pictures of {side} pixels are too small for MS-SSIM: use 3 or more")
    window = min(11, 2 * ((math.ceil(side / 16) - 1) // 2) + 1)
    if window >= 3:
        return window, 5
    scales = 1
    while 2 * 2**scales < side:
        scales += 1
    return 3, min(scales, 5)


def ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """Multi-scale structural similarity in [0, 1]; 1 for identical pictures.

    Product over scales of contrast-structure terms and, at the coarsest, the luminance term, each
    to the power of its scale weight; negative terms are clamped to 0, so it is never NaN.
    Source: Wang, Simoncelli and Bovik, Asilomar 2003, Eq. 7; see `ms_ssim_window` for the window.
    """
    first, second = _checked(first, second)
    window, scales = ms_ssim_window(min(first.shape[-2:]))
    if scales < len(SCALE_WEIGHTS):  # the library always takes five
        return ms_ssim_by_taps(first, second)
    return _ms_ssim(first, second, data_range=1, size_average=False, win_size=window)


def ms_ssim_by_taps(first: Tensor, second: Tensor, floor: float = 0.0) -> Tensor:
    """`ms_ssim`, made for training against: (n,), differentiable, terms below `floor` held there
    (x ** .0448 has no finite slope at 0, so train with a floor above it).

    The window is applied tap by tap, which takes a CPU a fraction of a depthwise convolution's
    time. With less than five scales their weights are divided by their sum.
    """
    window, scales = ms_ssim_window(min(second.shape[-2:]))
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

    The window is its own transpose, so the slope is the same convolution of the padded gradient:
    a fraction of the passes over memory that recording every shifted copy would take.
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


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Structural similarity, mean over the picture and its channels, in [-1, 1].

    Gaussian window of 11 pixels with sigma 1.5 (the largest odd window that fits in pictures
    smaller than that), K1 = .01, K2 = .03. Source: Wang et al., IEEE TIP 13 (2004), Eq. 13.
    """
    first, second = _checked(first, second)
    side = min(first.shape[-2:])
    window = min(11, side - (side + 1) % 2)
    return _ssim(first, second, data_range=1, size_average=False, win_size=window)


def psnr(first: Tensor, second: Tensor) -> Tensor:
    """Peak signal-to-noise ratio 10 log10(1 / mean squared error) in dB, at most 100."""
    first, second = _checked(first, second)
    error = (first - second).square().flatten(1).mean(1)
    return (-10 * torch.log10(error.clamp_min(1e-30))).clamp_max(PSNR_CEILING)


def similarities(
    first: Tensor, second: Tensor, metrics: Sequence[str] = METRICS
) -> dict[str, Tensor]:
    """`metrics` per pair of pictures, float32 (n,) on the CPU; in batches of bounded memory, small
    on a CPU because they then stay in its cache. Pictures are float in [0, 1] or uint8."""
    # The tap-by-tap MS-SSIM is the same number as `ms_ssim`, sooner.
    functions = {"ms_ssim": ms_ssim_by_taps, "ssim": ssim, "psnr": psnr}
    batch = 256 if first.is_cuda else 32
    found: dict[str, list[Tensor]] = {metric: [] for metric in metrics}
    with torch.no_grad():
        for start in range(0, len(first), batch):
            one, two = (
                chunk.float() / 255 if chunk.dtype == torch.uint8 else chunk
                for chunk in (first[start : start + batch], second[start : start + batch])
            )
            one, two = _checked(one, two)
            for metric in metrics:
                found[metric].append(functions[metric](one, two).cpu())
    return {metric: torch.cat(parts) for metric, parts in found.items()}
