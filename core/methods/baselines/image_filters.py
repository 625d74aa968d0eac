"""What an officer would think of first: filter the photograph and send it. Each filter is here
twice: for releases, which attackers differentiate, and as `preview`, which a page draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.methods.declare import Knob, Method, Model
from core.run import Run
from core.torch_types import Generator, Tensor

Picture = NDArray[np.float64]


def add_noise(x: Tensor, generator: Generator, sigma: float) -> Tensor:
    """x (B, 3, H, W) + N(0, sigma^2) per pixel and channel, not clipped: clipping would only help the
    attacker to guess where the noise was."""
    import torch

    return x + sigma * torch.randn(x.shape, generator=generator).to(x.device)


def preview_noise(picture: Picture, sigma: float, random: np.random.Generator) -> Picture:
    return picture + sigma * random.standard_normal(picture.shape)


def replace_at_random(
    x: Tensor,
    generator: Generator,
    probability: float,
    low: Tensor | float = 0.0,
    high: Tensor | float = 1.0,
) -> Tensor:
    """Each entry of x is replaced by U[low, high] with the given probability (AIA section 5.1 and
    5.3, *Random*, which uses .5)."""
    import torch

    hit = torch.rand(x.shape, generator=generator).to(x.device) < probability
    drawn = torch.rand(x.shape, generator=generator).to(x.device)
    return torch.where(hit, low + (high - low) * drawn, x)


def preview_replaced(picture: Picture, probability: float, random: np.random.Generator) -> Picture:
    hit = random.random(picture.shape) < probability
    return np.where(hit, random.random(picture.shape), picture)


def kernel_of(share: float, height: int, width: int) -> tuple[float, int]:
    """Standard deviation of a blur in pixels, and how far its kernel reaches to either side."""
    sigma = share / 100 * width
    return sigma, min(max(1, round(3 * sigma)), (min(height, width) - 1) // 2)


def blur(x: Tensor, generator: Generator, share: float) -> Tensor:
    """Gaussian blur whose standard deviation is `share` per cent of the picture's width."""
    from torchvision.transforms.functional import gaussian_blur

    sigma, reach = kernel_of(share, *x.shape[-2:])
    return gaussian_blur(x, [2 * reach + 1, 2 * reach + 1], [sigma, sigma])


def preview_blurred(picture: Picture, share: float, random: np.random.Generator) -> Picture:
    from scipy.ndimage import gaussian_filter

    sigma, reach = kernel_of(share, *picture.shape[:2])
    return gaussian_filter(picture, sigma, mode="mirror", radius=reach, axes=(0, 1))


def cells_of(cells: float, height: int, width: int) -> tuple[int, int]:
    """How many cells a picture has down, which keeps them square, and across."""
    return max(1, round(cells * height / width)), int(cells)


def pixelate(x: Tensor, generator: Generator, cells: float) -> Tensor:
    """Mean colour of `cells` cells across the width (and as many down as keeps them square)."""
    from torch.nn import functional

    small = functional.interpolate(x, cells_of(cells, *x.shape[-2:]), mode="area")
    return functional.interpolate(small, x.shape[-2:], mode="nearest")


def preview_pixelated(picture: Picture, cells: float, random: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    down, across = cells_of(cells, height, width)
    return np.einsum(
        "ih,hwc,jw->ijc",
        _cell_means(height, down),
        picture,
        _cell_means(width, across),
        optimize=True,
    )


def _cell_means(size: int, count: int) -> NDArray[np.float64]:
    """(size, size): each row averages over the cell that its pixel lies in. Cells that do not come
    out even overlap by a pixel, as in torch."""
    places, cells = np.arange(size), np.arange(count)[:, None]
    inside = (places >= cells * size // count) & (places < -(-(cells + 1) * size // count))
    return (inside / inside.sum(1, keepdims=True))[places * count // size]


def _declared(filtered: Callable[..., Tensor], knob: Knob, **more: Any) -> Method:
    def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
        return Model(networks={}, stages=(), release=filtered)

    return Method(
        presets={
            "paper": {"height": 218, "width": 178, "schedule": {}},
            "compact": {"height": 64, "width": 64, "schedule": {}},
        },
        build=build,
        knobs=(knob,),
        release_kind="picture",
        baseline=True,
        **more,
    )


SIGMA = Knob(
    name="sigma",
    symbol="σ",
    default=0.4,
    grid=(0.2, 0.4, 0.8),
    when="release",
    help="Standard deviation of the noise, where 1 is the step from black to white.",
)
IMAGE_NOISE = _declared(
    add_noise,
    name="image_noise",
    title="Noise on the picture",
    summary="Gaussian noise is added to every pixel before the picture leaves the device.",
    citation="DeepObfuscator, section 4.3, the noise baseline",
    knob=SIGMA,
    color="#7D8590",
    noisy=True,
    preview=preview_noise,
    departures=(
        "DeepObfuscator's paper adds noise to the photograph and lets its network turn that into "
        "features, which attackers then read: the baseline “Features of a noisy picture”. Here the noisy "
        "photograph itself is sent, from which whatever the features hold can be had as well.",
    ),
)

RANDOM_REPLACE = _declared(
    replace_at_random,
    name="random_replace",
    title="Random replacement",
    summary="Each value of the picture is replaced by a random one with a fixed probability.",
    citation="AIA, section 5.1, the Random baseline",
    knob=Knob(
        name="probability",
        symbol="p",
        default=0.5,
        grid=(0.5, 0.75, 0.9),
        when="release",
        help="Share of the values that are replaced.",
    ),
    color="#8B9199",
    noisy=True,
    preview=preview_replaced,
)

BLUR = _declared(
    blur,
    name="blur",
    title="Blurring",
    summary="The picture is blurred before it leaves the device.",
    citation="classical obfuscation; no paper",
    knob=Knob(
        name="radius",
        symbol="blur",
        default=6.0,
        grid=(3.0, 6.0, 12.0),
        when="release",
        help="Standard deviation of the blur in per cent of the picture's width.",
    ),
    color="#A0A5AC",
    preview=preview_blurred,
)

PIXELATE = _declared(
    pixelate,
    name="pixelate",
    title="Pixelation",
    summary="The picture is reduced to a few large cells of one colour each.",
    citation="classical obfuscation; no paper",
    knob=Knob(
        name="cells",
        symbol="cells",
        default=8.0,
        grid=(16.0, 8.0, 4.0),
        when="release",
        help="Cells across the picture: fewer cells hide more.",
    ),
    color="#5B616A",
    preview=preview_pixelated,
)

METHODS = (IMAGE_NOISE, RANDOM_REPLACE, BLUR, PIXELATE)
