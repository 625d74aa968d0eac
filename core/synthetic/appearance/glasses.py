"""Spectacles: superellipse rims around the eyes, a bridge and temples to the ears."""

from typing import Any

import numpy as np

from core.synthetic.fields import normalise
from core.synthetic.mesh import head, joint


def tube(
    path: Any, radius: float, closed: bool = False, sides: int = 6
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tube around a path (n, 3): vertices, triangles and normals."""
    path = np.asarray(path, np.float32)
    count = len(path)
    heading = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        heading[0], heading[-1] = path[1] - path[0], path[-1] - path[-2]
    heading = normalise(heading)
    steep = np.abs(heading[:, 2:3]) > 0.8
    up = np.where(steep, np.array([[0, 1, 0]]), np.array([[0, 0, 1]]))
    first = normalise(np.cross(heading, up))
    second = np.cross(heading, first)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    normals = first[:, None] * np.cos(turn) + second[:, None] * np.sin(turn)
    vertices = path[:, None] + normals * radius
    ring, side = np.meshgrid(
        np.arange(count if closed else count - 1), np.arange(sides), indexing="ij"
    )
    after, beside = (ring + 1) % count, (side + 1) % sides
    a, b = ring * sides + side, ring * sides + beside
    c, d = after * sides + beside, after * sides + side
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], 2).reshape(-1, 3)
    return vertices.reshape(-1, 3), triangles, normals.reshape(-1, 3)


def make_glasses(frame: dict, vertices: np.ndarray) -> dict:
    """Spectacles of a person's `frame` on the neutral head: `vertices`, `triangles`, `normals`, and
    `rims`, two outlines (32, 3), the edges of the lenses."""
    base = head().vertices
    half_width, half_height, radius = frame["half_width"], frame["half_height"], frame["radius"]
    left, right = joint(vertices, "l-eye"), joint(vertices, "r-eye")
    eye_y, eye_x = (left[1] + right[1]) / 2 - 0.03, (left[0] - right[0]) / 2
    x, y = np.abs(base[:, 0]), base[:, 1]
    front = vertices[(x < 0.6) & (y > 7.1) & (y < 7.55), 2].max() + 0.03
    centre = max(eye_x + 0.03, half_width + 0.06)

    def depth(at: Any) -> Any:
        return front - 0.16 * (np.abs(at) / 0.65) ** 2

    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    power = 2 / frame["exponent"]
    pieces, rims = [], []
    for sign in (1, -1):
        rim_x = sign * centre + half_width * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        rim_y = eye_y + half_height * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        rim = np.stack([rim_x, rim_y, depth(rim_x)], 1).astype(np.float32)
        rims.append(rim)
        pieces.append(tube(rim, radius, closed=True))
        hinge = sign * (centre + half_width)
        # above the ear, where the temple rests
        ear = vertices[np.argmin(((base - [sign * 0.78, 7.36, 0.42]) ** 2).sum(1))]
        temple = [
            [hinge, eye_y + half_height * 0.45, depth(hinge)],
            [ear[0], ear[1] + 0.02, front - 0.55],
            [ear[0] - sign * 0.01, ear[1] + 0.03, ear[2] - 0.05],
        ]
        pieces.append(tube(temple, radius * 0.8, sides=5))
    inner = max(centre - half_width, 0.01)
    bridge = [
        [at, eye_y + half_height * 0.35 + 0.03 * (1 - (at / inner) ** 2), depth(at) + 0.01]
        for at in np.linspace(-inner, inner, 5)
    ]
    pieces.append(tube(bridge, radius * 0.9))
    offsets = np.cumsum([0] + [len(piece[0]) for piece in pieces[:-1]])
    return {
        "vertices": np.concatenate([p[0] for p in pieces]).astype(np.float32),
        "triangles": np.concatenate([p[1] + o for p, o in zip(pieces, offsets, strict=True)]),
        "normals": np.concatenate([p[2] for p in pieces]).astype(np.float32),
        "rims": rims,
    }
