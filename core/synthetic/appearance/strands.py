"""Ribbons, the thin triangle strips that hair and beards are drawn with, and beards: short ones on
chin, cheeks and upper lip, regrown for each expression."""

import numpy as np

from core.synthetic.appearance.hairline import beard_weight
from core.synthetic.fields import normalise, smoothstep
from core.synthetic.mesh import BODY, at_points, head, sample_surface, vertex_normals


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
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    shifted = second["triangles"] + len(first["vertices"])
    joined["triangles"] = np.concatenate([first["triangles"], shifted])
    return joined


def make_beard(kind: str, vertices: np.ndarray, random: np.random.Generator) -> dict | None:
    """Ribbons of a moustache, goatee or full beard on a head with its expression; None for others:
    stubble is painted (`skin.paint`)."""
    if kind in ("none", "stubble"):
        return None
    base = head().vertices
    density = beard_weight(base, kind)[head().triangles].mean(1)
    weight = ((head().parts == BODY) & (density > 0.35)).astype(np.float32)
    count = 2400 if kind == "full" else 1300
    triangles, barycentric = sample_surface(weight, count, random)
    roots = at_points(vertices, triangles, barycentric)
    normals = normalise(at_points(vertex_normals(vertices), triangles, barycentric))
    at = at_points(base, triangles, barycentric)
    length = random.uniform(0.04, 0.075, count) * (1.5 if kind == "full" else 1.1)
    length *= 1 + 0.8 * smoothstep(at[:, 1], 6.5, 6.2)
    # The moustache ends above the mouth.
    length *= 1 - 0.5 * smoothstep(at[:, 1], 6.68, 6.74)
    spread = np.sign(at[:, 0]) * smoothstep(np.abs(at[:, 0]), 0, 0.1)
    spread *= smoothstep(at[:, 1], 6.68, 6.74)
    heading = normals * 0.35 + np.array([0, -0.8, 0]) + random.normal(0, 0.18, (count, 3))
    heading[:, 0] += 0.5 * spread
    heading = normalise(heading)
    steps = [roots + normals * 0.012 + heading * (length * k / 3)[:, None] for k in range(4)]
    points = np.stack(steps, 1).astype(np.float32)
    facing = np.repeat(normals[:, None], 4, 1).astype(np.float32)
    return ribbons(points, facing, random.uniform(0.01, 0.018, count), random, 0.15)
