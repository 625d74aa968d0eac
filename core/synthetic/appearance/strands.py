"""Ribbons: the thin triangle strips that hair and beards are drawn with."""

import numpy as np

from core.synthetic.fields import normalise, smoothstep


def ribbons(
    points: np.ndarray,
    normals: np.ndarray,
    width: np.ndarray,
    random: np.random.Generator,
    tint_deviation: float = 0.16,
) -> dict:
    """Triangle strips along paths.

    `points` and `normals` are (n, k, 3), `width` (n,) in decimetres. Returns a dict of float32
    arrays over vertices: `vertices`, `tangents`, `normals` (v, 3), `across` (v,) 0..1, `along` (v,)
    0..1 and `tint` (v,) the ribbon's brightness; and `triangles` (t, 3).
    """
    count, length, _ = points.shape
    tangents = np.empty_like(points)
    tangents[:, :-1] = points[:, 1:] - points[:, :-1]
    tangents[:, -1] = tangents[:, -2]
    tangents = normalise(tangents)
    side = normalise(np.cross(tangents, normals))
    along = np.linspace(0, 1, length, dtype=np.float32)
    profile = (0.55 + 0.45 * np.minimum(along * 5, 1)) * (1 - 0.75 * smoothstep(along, 0.65, 1))
    half = (width[:, None] * profile[None] / 2)[..., None]
    vertices = np.stack([points - side * half, points + side * half], 2).reshape(-1, 3)
    index = np.arange(count * length * 2).reshape(count, length, 2)
    a, b = index[:, :-1, 0].ravel(), index[:, :-1, 1].ravel()
    c, d = index[:, 1:, 1].ravel(), index[:, 1:, 0].ravel()
    tint = np.clip(1 + tint_deviation * random.standard_normal(count), 0.55, 1.5)
    shape = (count, length, 2)
    return {
        "vertices": vertices.astype(np.float32),
        "triangles": np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]),
        "tangents": np.repeat(tangents[:, :, None], 2, 2).reshape(-1, 3).astype(np.float32),
        "normals": np.repeat(normals[:, :, None], 2, 2).reshape(-1, 3).astype(np.float32),
        "across": np.broadcast_to(np.array([0, 1], np.float32), shape).ravel(),
        "along": np.broadcast_to(along[None, :, None], shape).ravel(),
        "tint": np.broadcast_to(tint.astype(np.float32)[:, None, None], shape).ravel(),
    }


def join(first: dict, second: dict) -> dict:
    """Two sets of ribbons as one."""
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    shifted = second["triangles"] + len(first["vertices"])
    joined["triangles"] = np.concatenate([first["triangles"], shifted])
    return joined
