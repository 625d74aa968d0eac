"""The head: base mesh, deformation targets, masks and joints, read from `assets/head.npz`.

The data are MakeHuman's (mpfb2 base mesh and targets, and the ARKit-like face units by Mika
Suominen), released as CC0 1.0. One unit of length is a decimetre; y points up and z out of the
face. Vertices of the base mesh are the coordinates in which skin, hair and masks are painted, so
paint follows every deformation.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parent / "assets"
BODY, LEFT_EYE, RIGHT_EYE, UPPER_TEETH, LOWER_TEETH, TONGUE, LASHES = range(7)
MASKS = ("lips", "ears", "eyelids", "inside-mouth")


@dataclass(frozen=True)
class Head:
    """The base head. V vertices, R corners (vertices split along texture seams), F triangles."""

    vertices: np.ndarray  # (V, 3) float32
    triangles: np.ndarray  # (F, 3) int64 into vertices
    corner_triangles: np.ndarray  # (F, 3) int64 into corners
    corners: np.ndarray  # (R,) int64, the vertex of each corner
    corner_uv: np.ndarray  # (R, 2) float32
    parts: np.ndarray  # (F,) which of BODY .. LASHES a triangle belongs to
    targets: dict  # name -> (indices (k,), displacements (k, 3))
    joints: dict  # name -> vertex indices
    masks: np.ndarray  # (512, 512, 4) float32 in 0..1, in the order of MASKS
    occlusion: np.ndarray  # (V,) float32, baked ambient occlusion of the base mesh


@cache
def head() -> Head:
    """The base head, loaded once per process."""
    with np.load(ASSETS / "head.npz", allow_pickle=False) as data:
        vertices = data["V"].astype(np.float32)
        corners = data["RV"].astype(np.int64)
        corner_triangles = data["RF"].astype(np.int64)
        targets = {}
        for name, displacement in zip(data["keys"], data["T"], strict=True):
            moved = np.nonzero(np.abs(displacement).max(1) > 0)[0]
            targets[str(name)] = (moved, displacement[moved].astype(np.float32))
        masks = np.stack([data["mask_" + name] for name in MASKS], -1)
        size = len(masks) // 2  # averaged to half of theirs
        masks = masks.reshape(size, 2, size, 2, -1).mean((1, 3)).astype(np.float32) / 255
        joints = {name[8:]: data[name] for name in data.files if name.startswith("J_joint-")}
        return Head(
            vertices=vertices,
            triangles=corners[corner_triangles],
            corner_triangles=corner_triangles,
            corners=corners,
            corner_uv=data["RUV"].astype(np.float32),
            parts=data["P"],
            targets=targets,
            joints=joints,
            masks=masks,
            occlusion=np.load(ASSETS / "ao.npy", allow_pickle=False).astype(np.float32),
        )


def joint(vertices: np.ndarray, name: str) -> np.ndarray:
    """Position (3,) of a joint such as "l-eye", the mean of its helper vertices."""
    return vertices[head().joints[name]].mean(0)


def interocular(vertices: np.ndarray) -> float:
    return float(np.linalg.norm(joint(vertices, "l-eye") - joint(vertices, "r-eye")))


def deform(vertices: np.ndarray, weights: dict) -> np.ndarray:
    """Add weighted targets to `vertices` (V, 3) in place; `weights` maps target name to weight."""
    targets = head().targets
    for name, weight in weights.items():
        if abs(weight) > 1e-4 and name in targets:
            moved, displacement = targets[name]
            vertices[moved] += np.float32(weight) * displacement
    return vertices


def vertex_normals(vertices: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (V, 3) of the deformed head; 0 where no triangle is."""
    triangles = head().triangles
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    out = np.zeros_like(vertices)
    np.add.at(out, triangles.ravel(), np.repeat(np.cross(b - a, c - a), 3, axis=0))
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.divide(out, length, out=out, where=length > 0)


def sample_surface(
    weights: np.ndarray, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random points on the triangles, with probability proportional to base area times weight (F,):
    the triangles' vertices (count, 3) and barycentric coordinates (count, 3)."""
    base = head().vertices
    chosen = np.nonzero(weights > 0)[0]
    triangles = head().triangles[chosen]
    edges = base[triangles[:, 1:]] - base[triangles[:, :1]]
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) * weights[chosen]
    picked = random.choice(len(triangles), count, p=area / area.sum())
    uv = random.random((count, 2))
    uv = np.where(uv.sum(1, keepdims=True) > 1, 1 - uv, uv)
    barycentric = np.concatenate([1 - uv.sum(1, keepdims=True), uv], 1).astype(np.float32)
    return triangles[picked], barycentric


def at_points(values: np.ndarray, triangles: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
    """Interpolate per-vertex `values` (V, k) at the points of `sample_surface`: (count, k)."""
    return (values[triangles] * barycentric[..., None]).sum(1)
