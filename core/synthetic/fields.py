"""Smooth scalar fields the generator paints and shapes with: steps, bumps, noise, directions."""

from functools import cache

import numba
import numpy as np

NOISE_SIZE = 256


def smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cubic step: 0 at `low`, 1 at `high` (which may be the smaller one), same shape as `value`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(value: np.ndarray, centre: np.ndarray | float, width: float) -> np.ndarray:
    """Gaussian of height 1 around `centre` (a number or an array) with standard width `width`."""
    t = (value - centre) * np.float32(1 / width)
    return np.exp(-t * t)


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors along the last axis; zero vectors stay zero."""
    length = np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    return vectors / np.maximum(length, 1e-9)


def blend(base: np.ndarray, colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mix rows of `base` (n, 3) with `colour` ((3,) or (n, 3)) by `weight` (n,) in 0..1."""
    weight = weight[:, None]
    return base * (1 - weight) + colour * weight


@cache
def noise_tile(frequency: int) -> np.ndarray:
    """Periodic band-limited Gaussian noise, (256, 256) float32, mean 0, deviation 1, always the same."""
    random = np.random.default_rng(frequency)
    wave = np.fft.fftfreq(NOISE_SIZE) * NOISE_SIZE
    window = np.exp(-(wave[:, None] ** 2 + wave[None] ** 2) / (2 * frequency**2))
    white = np.fft.fft2(random.standard_normal((NOISE_SIZE, NOISE_SIZE)))
    tile = np.fft.ifft2(white * window).real
    return (tile / tile.std()).astype(np.float32)


def noise(u: np.ndarray, v: np.ndarray, frequency: int) -> np.ndarray:
    """Noise (n,) at coordinates `u`, `v` (n,), where one unit is one period of the tile."""
    column, row = (
        np.floor(place.astype(np.float32) * NOISE_SIZE).astype(int) % NOISE_SIZE for place in (u, v)
    )
    return noise_tile(frequency)[row, column]


@numba.njit(cache=True)
def sample_masks(masks: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Bilinear look-up of `masks` (s, s, k) at texture coordinates `uv` (n, 2), float32: (n, k)."""
    out = np.empty((len(uv), masks.shape[2]), np.float32)
    size = masks.shape[0]
    limit = size - 1.01
    for i in range(len(uv)):
        x = min(max(uv[i, 0] * size - 0.5, 0.0), limit)
        y = min(max((1.0 - uv[i, 1]) * size - 0.5, 0.0), limit)
        column, row = int(x), int(y)
        fx, fy = x - column, y - row
        for k in range(masks.shape[2]):
            top = masks[row, column, k] * (1 - fx) + masks[row, column + 1, k] * fx
            bottom = masks[row + 1, column, k] * (1 - fx) + masks[row + 1, column + 1, k] * fx
            out[i, k] = top * (1 - fy) + bottom * fy
    return out
