"""What an officer would think of first: filter the photograph and send it.

Four baselines without any training. Their knob moves at release time, the released "feature" is a
picture of the same size, and utility is whatever a fresh classifier makes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.methods.declare import Knob, Method, Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    from core.run import Run

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {"height": 218, "width": 178, "schedule": {}},
    "compact": {"height": 64, "width": 64, "schedule": {}},
}


def add_noise(x: Tensor, generator: Generator, sigma: float) -> Tensor:
    """x + N(0, sigma^2) per pixel and channel, not clipped (clipping would only help the attacker
    to guess where the noise was). x: (B, 3, H, W) in [0, 1]."""
    import torch

    return x + sigma * torch.randn(x.shape, generator=generator).to(x.device)


def replace_at_random(x: Tensor, generator: Generator, probability: float) -> Tensor:
    """Each entry of x is replaced by U[0, 1] with the given probability (AIA section 5.1, Random,
    which uses .5)."""
    import torch

    hit = torch.rand(x.shape, generator=generator) < probability
    return torch.where(hit.to(x.device), torch.rand(x.shape, generator=generator).to(x.device), x)


def blur(x: Tensor, generator: Generator, share: float) -> Tensor:
    """Gaussian blur whose standard deviation is `share` per cent of the picture's width."""
    from torchvision.transforms.functional import gaussian_blur

    sigma = share / 100 * x.shape[-1]
    reach = min(max(1, round(3 * sigma)), (min(x.shape[-2:]) - 1) // 2)
    return gaussian_blur(x, [2 * reach + 1, 2 * reach + 1], [sigma, sigma])


def pixelate(x: Tensor, generator: Generator, cells: float) -> Tensor:
    """Mean colour of `cells` cells across the width (and as many down as keeps them square)."""
    from torch.nn import functional

    height, width = x.shape[-2:]
    down = max(1, round(cells * height / width))
    small = functional.interpolate(x, (down, int(cells)), mode="area")
    return functional.interpolate(small, (height, width), mode="nearest")


def _build(filtered: Callable[[Tensor, Generator, float], Tensor], default: float) -> Any:
    def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
        def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
            return filtered(x, generator, default if value is None else value)

        return Model(networks={}, stages=(), release=release)

    return build


IMAGE_NOISE = Method(
    name="image_noise",
    title="Noise on the picture",
    summary="Gaussian noise is added to every pixel before the picture leaves the device.",
    citation="DeepObfuscator, section 4.3, the noise baseline",
    knobs=(
        Knob(
            name="sigma",
            symbol="σ",
            default=0.4,
            grid=(0.2, 0.4, 0.8),
            when="release",
            help="Standard deviation of the noise, where 1 is the step from black to white.",
        ),
    ),
    presets=PRESETS,
    build=_build(add_noise, 0.4),
    color="#7D8590",
    baseline=True,
)

RANDOM_REPLACE = Method(
    name="random_replace",
    title="Random replacement",
    summary="Each value of the picture is replaced by a random one with a fixed probability.",
    citation="AIA, section 5.1, the Random baseline",
    knobs=(
        Knob(
            name="probability",
            symbol="p",
            default=0.5,
            grid=(0.5, 0.75, 0.9),
            when="release",
            help="Share of the values that are replaced.",
        ),
    ),
    presets=PRESETS,
    build=_build(replace_at_random, 0.5),
    color="#8B9199",
    baseline=True,
)

BLUR = Method(
    name="blur",
    title="Blurring",
    summary="The picture is blurred before it leaves the device.",
    citation="classical obfuscation; no paper",
    knobs=(
        Knob(
            name="radius",
            symbol="blur",
            default=6.0,
            grid=(3.0, 6.0, 12.0),
            when="release",
            help="Standard deviation of the blur in per cent of the picture's width.",
        ),
    ),
    presets=PRESETS,
    build=_build(blur, 6.0),
    color="#A0A5AC",
    baseline=True,
)

PIXELATE = Method(
    name="pixelate",
    title="Pixelation",
    summary="The picture is reduced to a few large cells of one colour each.",
    citation="classical obfuscation; no paper",
    knobs=(
        Knob(
            name="cells",
            symbol="cells",
            default=8.0,
            grid=(16.0, 8.0, 4.0),
            when="release",
            help="Cells across the picture: fewer cells hide more.",
        ),
    ),
    presets=PRESETS,
    build=_build(pixelate, 8.0),
    color="#5B616A",
    baseline=True,
)
