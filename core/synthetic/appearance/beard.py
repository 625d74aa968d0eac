"""Facial hair: short ribbons on the chin, cheeks and upper lip, regrown for each expression."""

import numpy as np

from core.synthetic.appearance.hairline import beard_weight
from core.synthetic.appearance.strands import ribbons
from core.synthetic.fields import normalise, smoothstep
from core.synthetic.mesh import BODY, at_points, head, sample_surface, vertex_normals


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
