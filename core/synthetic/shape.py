"""The head's form: identity and expression deformations, and the measurements labels rest on.

The labels Big_Lips, Big_Nose and High_Cheekbones are measured on the final deformed neutral mesh.
Race, gender and weight move these features too, so `settle` solves for the weight of one composite
local axis per feature until the measurement lies well outside its dead zone.
"""

import itertools
from functools import cache

import numpy as np

from core.synthetic.mesh import BODY, MASKS, deform, head, interocular


def _targets(names: str, **shares: float) -> dict[str, float]:
    """Target -> share: each of `names`, parted by blanks, with each ending of `shares`."""
    return {f"{n}-{end.replace('_', '-')}": s for n in names.split() for end, s in shares.items()}


LIPS = "mouth/mouth-upperlip mouth/mouth-lowerlip"
CHEEKS = "cheek/l-cheek cheek/r-cheek"
# Composite axes: targets of the positive and of the negative direction, with their shares.
AXES = {
    "big_lips": (
        _targets(LIPS, height_incr=1.0, volume_incr=0.8),
        _targets(LIPS, height_decr=1.0, volume_decr=0.8),
    ),
    "big_nose": (
        _targets("nose/nose", width3_incr=1.0, scale_horiz_incr=0.9, volume_incr=0.8)
        | _targets("nose/nose", flaring_incr=0.5, point_width_incr=0.8, scale_depth_incr=0.4),
        _targets("nose/nose", width3_decr=1.0, scale_horiz_decr=0.8, volume_decr=0.6)
        | _targets("nose/nose", flaring_decr=0.5, point_width_decr=0.6),
    ),
    "high_cheekbones": (
        _targets(CHEEKS, bones_incr=0.9, volume_decr=1.0, trans_up=0.5, inner_decr=0.8),
        _targets(CHEEKS, bones_decr=0.9, volume_incr=0.8, trans_down=0.5, inner_incr=0.8),
    ),
}
# Dead zones of the measurements, in interocular distances: 0 below the first, 1 above the second.
DEAD_ZONES = {
    "big_lips": (0.325, 0.43),
    "big_nose": (0.385, 0.525),
    "high_cheekbones": (0.155, 0.205),
}
# How far beyond the dead zone a solved measurement may lie.
SPREAD = {"big_lips": 0.1, "big_nose": 0.1, "high_cheekbones": 0.06}
LIMIT = 1.3

EXPRESSIONS = {
    "neutral": {},
    "smile": {"mouthSmile": 0.92, "cheekSquint": 0.6, "mouthDimple": 0.3, "eyeSquint": 0.25},
    "big_smile": {
        "mouthSmile": 1.0,
        "mouthUpperUp": 0.55,
        "mouthLowerDown": 0.35,
        "jawOpen": 0.12,
        "cheekSquint": 0.8,
        "eyeSquint": 0.4,
    },
    "open_mouth": {"jawOpen": 0.35, "browInnerUp": 0.4},
    "frown": {"mouthFrown": 0.8, "browDown": 0.8},
    "surprise": {"jawOpen": 0.3, "browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.7},
    "press": {"mouthPress": 0.7, "browDown": 0.3},
    "pucker": {"mouthPucker": 0.5},
}
SMILES = ("smile", "big_smile")
OPEN_MOUTHS = ("big_smile", "open_mouth", "surprise")


def identity_weights(person: dict) -> dict[str, float]:
    """Every target weight of a person, {target: weight}: whole-head targets and local ones."""
    weights = {}
    sexes = {"male": person["masculinity"], "female": 1 - person["masculinity"]}
    ages = {"young": 1 - person["age"], "old": person["age"]}
    ancestry = dict(zip(("african", "asian", "caucasian"), person["ancestry"], strict=True))
    builds = (_three(person[name], name).items() for name in ("muscle", "weight"))
    pairs = list(itertools.product(*builds))
    for (sex, sex_share), (age, age_share) in itertools.product(sexes.items(), ages.items()):
        share = sex_share * age_share
        for name, part in ancestry.items():
            weights[f"macro/{name}-{sex}-{age}"] = share * part
        for (muscle, m_share), (weight, w_share) in pairs:
            weights[f"macro/universal-{sex}-{age}-{muscle}-{weight}"] = share * m_share * w_share
    return weights | person["weights"]


def _three(value: float, name: str) -> dict[str, float]:
    """Shares of the minimum, average and maximum target for a value in -1..1."""
    return {
        "min" + name: max(-value, 0.0),
        "average" + name: 1 - abs(value),
        "max" + name: max(value, 0.0),
    }


def neutral(person: dict) -> np.ndarray:
    """The person's head without expression, vertices (V, 3) float32."""
    return deform(head().vertices.copy(), identity_weights(person))


def with_expression(
    vertices: np.ndarray, name: str, strength: float, random: np.random.Generator
) -> np.ndarray:
    """A copy of `vertices` (V, 3) with an expression of EXPRESSIONS, slightly asymmetric."""
    weights = {}
    for unit, weight in EXPRESSIONS[name].items():
        if "fu/" + unit in head().targets:
            weights["fu/" + unit] = weight * strength
        else:
            for side in ("Left", "Right"):
                asymmetry = random.uniform(0.88, 1.1)
                weights[f"fu/{unit}{side}"] = min(weight * strength * asymmetry, 1.0)
    return deform(vertices.copy(), weights)


@cache
def _regions() -> dict[str, np.ndarray]:
    """Vertex sets that the measurements use, chosen on the base mesh."""
    base = head().vertices
    x, z = np.abs(base[:, 0]), base[:, 2]
    uv = head().corner_uv
    size = head().masks.shape[0]
    column = np.clip((uv[:, 0] * size).astype(int), 0, size - 1)
    row = np.clip(((1 - uv[:, 1]) * size).astype(int), 0, size - 1)
    red = head().masks[row, column, MASKS.index("lips")] > 0.5
    lips = np.unique(head().corners[red])
    return {
        "lips": lips[(z[lips] > 1.2) & (x[lips] < 0.1)],
        "nose": _moved_by("nose/nose-width3-incr", share=0.6),
        "zygoma": _moved_by("cheek/l-cheek-bones-incr", "cheek/r-cheek-bones-incr"),
        "hollow": _moved_by("cheek/l-cheek-volume-decr", "cheek/r-cheek-volume-decr"),
    }


def _moved_by(*names: str, share: float = 0.5) -> np.ndarray:
    """Vertices that targets move by more than `share` of their largest displacement."""
    found = []
    for name in names:
        moved, displacement = head().targets[name]
        length = np.linalg.norm(displacement, axis=1)
        found.append(moved[length > share * length.max()])
    return np.concatenate(found)


def measure(vertices: np.ndarray) -> dict[str, float]:
    """Measurements of a neutral head, in interocular distances: the height of the red of the lips at
    the middle, the mean width of the nose at its wings, and how far the cheekbones stand out beyond
    the hollow below them."""
    regions = _regions()
    lips = vertices[regions["lips"], 1]
    nose = vertices[regions["nose"], 0]
    bone = np.abs(vertices[regions["zygoma"], 0]).mean()
    hollow = np.abs(vertices[regions["hollow"], 0]).mean()
    unit = interocular(vertices)
    return {
        "big_lips": float(np.ptp(lips)) / unit,
        "big_nose": 2 * float(np.abs(nose).mean()) / unit,
        "high_cheekbones": float(bone - hollow) / unit,
    }


def on_side(name: str, value: float) -> int | None:
    """1 above the dead zone, 0 below it, None inside."""
    low, high = DEAD_ZONES[name]
    return 1 if value >= high else 0 if value <= low else None


def settle(person: dict, random: np.random.Generator) -> np.ndarray | None:
    """Solve the labelled features of a person and return the neutral head; None where a measurement
    cannot leave its dead zone within natural weights.

    Adds the axes' target weights to `person["weights"]`, and the measurements as
    `person["measures"]`.
    """
    free = neutral(person)
    goals = {}
    for name, (low, high) in DEAD_ZONES.items():
        beyond = SPREAD[name] * random.uniform(0.1, 1)
        goals[name] = high + beyond if person[name] else low - beyond
    amounts = dict.fromkeys(AXES, 0.0)
    vertices = free
    for name in (*AXES, *AXES):
        others = {k: v for k, v in amounts.items() if k != name}
        amounts[name] = _solve(_with_axes(free, others), name, goals[name])
        vertices = _with_axes(free, amounts)
    measures = measure(vertices)
    if any(on_side(name, value) is None for name, value in measures.items()):
        return None
    for name, amount in amounts.items():
        for target, weight in _axis_weights(name, amount).items():
            person["weights"][target] = person["weights"].get(target, 0.0) + weight
    person["measures"] = measures
    for name, value in measures.items():
        person[name] = bool(on_side(name, value))
    return vertices


def _axis_weights(name: str, amount: float) -> dict[str, float]:
    positive, negative = AXES[name]
    return {t: abs(amount) * s for t, s in (positive if amount > 0 else negative).items()}


def _with_axes(free: np.ndarray, amounts: dict) -> np.ndarray:
    vertices = free.copy()
    for name, amount in amounts.items():
        deform(vertices, _axis_weights(name, amount))
    return vertices


def _solve(vertices: np.ndarray, name: str, goal: float) -> float:
    """The axis amount in -LIMIT..LIMIT whose measurement is nearest to `goal` (it rises)."""
    # Halving between two ends would round otherwise, and give other last bits.
    middle, step = 0.0, LIMIT
    for _ in range(9):
        step /= 2
        below = measure(_with_axes(vertices, {name: middle}))[name] < goal
        middle += step if below else -step
    return middle


def cavity(vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """How hollow (negative) or raised (positive) the surface is at each vertex, (V,) about -1..1: the
    mean offset to the neighbours along the normal, smoothed."""
    start, end = _edges()
    count = np.maximum(np.bincount(start, minlength=len(vertices)), 1)
    offset = vertices[start] - vertices[end]
    height = np.einsum("ij,ij->i", offset, normals[start])
    height /= np.maximum(np.linalg.norm(offset, axis=1), 1e-6)
    value = np.bincount(start, height, len(vertices)) / count
    for _ in range(2):
        value = 0.5 * value + 0.5 * np.bincount(start, value[end], len(vertices)) / count
    return value.astype(np.float32)


@cache
def _edges() -> tuple[np.ndarray, np.ndarray]:
    triangles = head().triangles[head().parts == BODY]
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    return pairs[:, 0], pairs[:, 1]
