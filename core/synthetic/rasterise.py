"""Triangles to pixels: a z-buffer rasteriser in numba.

Pixel (row, column) is sampled at its centre (column + .5, row + .5). Of two triangles over one
pixel the one with the larger z (nearer to the viewer) wins, the first drawn on a tie. No
floating-point shortcuts are taken, so pictures do not depend on how the work is split.
"""

import numba
import numpy as np


@numba.njit(cache=True)
def rasterise(points: tuple, triangles: np.ndarray, layer: int, buffers: tuple) -> None:
    """Draw `triangles` (n, 3) of `points`, x, y and z, into `empty_buffers`: where one is nearer than
    `depth`, `depth` gets its z, `layers` the number `layer`, `hits` its index, `first` and `second`
    the barycentric weights of its second and third corner."""
    x, y, z = points
    depth, layers, hits, first, second = buffers
    height, width = depth.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        x0, y0 = x[a], y[a]
        x1, y1 = x[b] - x0, y[b] - y0
        x2, y2 = x[c] - x0, y[c] - y0
        area = x1 * y2 - x2 * y1
        if abs(area) < 1e-9:
            continue
        inverse = 1.0 / area
        left = max(0, int(np.ceil(x0 + min(0.0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(x0 + max(0.0, x1, x2) - 0.5)))
        top = max(0, int(np.ceil(y0 + min(0.0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(np.floor(y0 + max(0.0, y1, y2) - 0.5)))
        for row in range(top, bottom + 1):
            py = row + 0.5 - y0
            for column in range(left, right + 1):
                px = column + 0.5 - x0
                u = (px * y2 - x2 * py) * inverse
                v = (x1 * py - px * y1) * inverse
                if u >= -1e-6 and v >= -1e-6 and u + v <= 1.000001:
                    value = (1 - u - v) * z[a] + u * z[b] + v * z[c]
                    if value > depth[row, column]:
                        depth[row, column] = value
                        layers[row, column] = layer
                        hits[row, column] = t
                        first[row, column] = u
                        second[row, column] = v


def interpolate(values: np.ndarray, triangles: np.ndarray, where: list) -> np.ndarray:
    """Corner `values` (c, k) at the n pixels `where`, their hits, first and second (n,): (n, k)."""
    hits, first, second = where
    a, b, c = (values[triangles[hits, corner]] for corner in range(3))
    u, v = first[:, None], second[:, None]
    return (a * (1 - u.astype(np.float64) - v) + b * u + c * v).astype(np.float32)


def empty_buffers(height: int, width: int) -> tuple[np.ndarray, ...]:
    """Buffers for `rasterise`: depth, layers (-1 where nothing is drawn), hits, first, second."""
    return (
        np.full((height, width), -1e9, np.float32),
        np.full((height, width), -1, np.int8),
        np.zeros((height, width), np.int32),
        np.zeros((height, width), np.float32),
        np.zeros((height, width), np.float32),
    )


def compare_depth(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, depth: np.ndarray, bias: float, softness: float
) -> np.ndarray:
    """Share of five samples around each point that the depth map leaves lit, (n,) in 0..1: lit at
    most `bias` behind the map's surface, dark `bias + softness` behind it."""
    height, width = depth.shape
    total = np.zeros(len(x))
    for dx, dy in ((-1.1, -0.6), (0.6, -1.1), (1.1, 0.6), (-0.6, 1.1), (0.0, 0.0)):
        column = np.clip((x.astype(np.float64) + dx).astype(int), 0, width - 1)
        row = np.clip((y.astype(np.float64) + dy).astype(int), 0, height - 1)
        above = (z - depth[row, column]).astype(np.float64) + bias + softness
        t = np.clip(above / softness, 0, 1)
        total += t * t * (3 - 2 * t)
    return (total / 5).astype(np.float32)
