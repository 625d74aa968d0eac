"""How alike two pictures are: of float tensors (n, C, H, W) in [0, 1] one number (n,) per pair."""

from collections.abc import Sequence

from core.errors import PenumbraError
from core.metrics.declare import Bound, Control, Metric
from core.torch_types import Rows, Tensor

# Identical pictures have an infinite ratio; 100 dB is below the rounding error of float32.
PSNR_CEILING = 100.0


def ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """Multi-scale structural similarity in [0, 1], see `core.metrics.multi_scale`."""
    from core.metrics.multi_scale import ms_ssim

    return ms_ssim(first, second)


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Structural similarity in [-1, 1]; Gaussian window of 11 pixels (or the largest odd one that
    fits) with sigma 1.5, K1 = .01, K2 = .03. Source: Wang et al., IEEE TIP 13 (2004), Eq. 13."""
    from pytorch_msssim import ssim

    side = min(first.shape[-2:])
    window = min(11, side - (side + 1) % 2)
    return ssim(first, second, data_range=1, size_average=False, win_size=window)


def psnr(first: Tensor, second: Tensor) -> Tensor:
    """Peak signal-to-noise ratio 10 log10(1 / mean squared error) in dB, at most 100."""
    error = (first - second).square().flatten(1).mean(1)
    return (-10 * error.clamp_min(1e-30).log10()).clamp_max(PSNR_CEILING)


MS_SSIM = Metric(
    "ms_ssim",
    "likeness in structure",
    "",
    "MS-SSIM: 1 is the same picture; compares light, contrast and shapes at several sizes.",
    symbol="MS-SSIM",
    decides="image",
    control=Control(floor=Bound(plus=0.7), ceiling=Bound(times=1, plus=0.05)),
    of_pictures=ms_ssim,
)
SSIM = Metric(
    "ssim",
    "likeness in detail",
    "",
    "SSIM: 1 is the same picture; compares small windows.",
    symbol="SSIM",
    of_pictures=ssim,
)
PSNR = Metric(
    "psnr",
    "closeness of pixels",
    "dB",
    "PSNR: above 30 dB is hard to tell apart, below 10 dB has little in common.",
    symbol="PSNR",
    of_pictures=psnr,
)
FACE_SIMILARITY = Metric(
    "face_similarity",
    "likeness of the face",
    "",
    "Cosine of what a face-verification network sees in both pictures: 1 is the same face, "
    "strangers are near 0.",
    second_network=True,
)
REIDENTIFICATION = Metric(
    "reidentification",
    "recognised from the redrawn face",
    "%",
    "Share of redrawn faces for which the nearest of other photographs, as a face-verification "
    "network sees them, shows the same person.",
    second_network=True,
)


def similarities(first: Tensor, second: Rows, metrics: Sequence[Metric]) -> dict[str, Tensor]:
    """Name of each of `metrics` -> its values, float32 (n,) on the CPU, for pairs of pictures, float
    in [0, 1] or uint8. Raises PenumbraError for pictures of different shapes, or not finite."""
    import torch

    if first.ndim != 4 or first.shape != second.shape:
        raise PenumbraError(
            f"pictures of shapes {tuple(first.shape)} and {tuple(second.shape)} cannot be "
            "compared: give two tensors of the same shape (n, C, H, W)"
        )
    found: dict[str, list[Tensor]] = {metric.name: [] for metric in metrics}
    batch = 256 if first.is_cuda else 32  # small enough for a processor's cache
    with torch.no_grad():
        for pair in zip(first.split(batch), second.split(batch), strict=True):
            one, two = (p.float() / 255 if p.dtype == torch.uint8 else p.float() for p in pair)
            if not (torch.isfinite(one).all() and torch.isfinite(two).all()):
                raise PenumbraError(
                    "pictures contain NaN or infinite values: the decoder has diverged"
                )
            for metric in metrics:
                assert metric.of_pictures is not None
                found[metric.name].append(metric.of_pictures(one, two).cpu())
    return {name: torch.cat(parts) for name, parts in found.items()}


def mean_ms_ssim(first: Tensor, second: Rows) -> float:
    """Mean MS-SSIM of pairs of pictures, as `similarities` takes them."""
    return float(similarities(first, second, [MS_SSIM])[MS_SSIM.name].double().mean())
