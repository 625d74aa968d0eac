"""Maps of where a network looks, as numbers: brought to one size, compared, put into thirds. Plain
numpy: pages use it, too."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

SIDE = 16  # cells of the grid on which maps of different sizes are compared


def shares(maps: NDArray[np.generic]) -> NDArray[np.float64]:
    """Maps (…, h, w) >= 0 as shares of attention that sum to 1; a map of zeros (nothing anywhere
    speaks for the decision) is spread evenly."""
    values = np.asarray(maps, dtype=np.float64)
    total = values.sum((-2, -1), keepdims=True)
    cells = values.shape[-2] * values.shape[-1]
    return np.where(total > 0, values / np.where(total > 0, total, 1), 1 / cells)


def resized(maps: NDArray[np.generic], height: int, width: int) -> NDArray[np.float64]:
    """Maps (…, h, w) at another size, bilinear between the cells' centres."""
    values = np.asarray(maps, dtype=np.float64)
    down = _weights(values.shape[-2], height)
    across = _weights(values.shape[-1], width)
    return down @ values @ across.T


def _weights(cells: int, wanted: int) -> NDArray[np.float64]:
    """(wanted, cells): what each cell gives to each place, rows summing to 1."""
    centres = np.clip((np.arange(wanted) + 0.5) * cells / wanted - 0.5, 0, cells - 1)
    return np.clip(1 - abs(centres[:, None] - np.arange(cells)), 0, 1)


def on_grid(maps: NDArray[np.generic]) -> NDArray[np.float64]:
    """Shares of attention (…, SIDE, SIDE) of maps (…, h, w)."""
    return shares(resized(maps, SIDE, SIDE))


def overlap(one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.float64]:
    """The share of attention, in [0, 1], that two maps (…, h, w) give to the same places: the sum
    of the smaller of the two shares of every cell."""
    return np.minimum(on_grid(one), on_grid(other)).sum((-2, -1))


def correlation(one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.float64]:
    """Pearson's correlation of the cells of two maps (…, h, w); 0 where one of them is even."""
    first, second = (m.reshape(*m.shape[:-2], -1) for m in (on_grid(one), on_grid(other)))
    first = first - first.mean(-1, keepdims=True)
    second = second - second.mean(-1, keepdims=True)
    spread = np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
    together = (first * second).sum(-1)
    return np.where(spread > 1e-12, together / np.where(spread > 1e-12, spread, 1), 0.0)


def thirds(maps: NDArray[np.generic]) -> NDArray[np.float64]:
    """Shares (…, 3) of attention in the upper, middle and lower third of the picture."""
    rows = shares(resized(maps, 3 * SIDE, SIDE)).sum(-1)
    return rows.reshape(*rows.shape[:-1], 3, SIDE).sum(-1)


def third_shares(maps: NDArray[np.generic]) -> list[float]:
    """The mean `thirds` of maps (n, h, w), four digits of each."""
    return [round(float(share), 4) for share in thirds(maps).mean(0)]


def averages(maps: NDArray[np.generic], groups: Iterable[NDArray[np.int64]]) -> NDArray[np.uint8]:
    """The mean attention (g, h, w) of each of `groups` of maps (n, h, w), `packed`."""
    return packed(np.stack([shares(maps[group]).mean(0) for group in groups]))


def rounded(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """Four digits of each for a file of facts; None of what is not finite."""
    return {
        name: round(float(value), 4) if np.isfinite(value) else None
        for name, value in numbers.items()
    }


def packed(maps: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Maps (…, h, w) as uint8, the largest cell of each 255; zeros stay zeros."""
    values = np.asarray(maps, dtype=np.float64)
    most = values.max((-2, -1), keepdims=True)
    scaled = values / np.where(most > 0, most, 1)
    return np.round(255 * scaled).astype(np.uint8)
