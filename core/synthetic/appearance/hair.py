"""Scalp hair: ribbons grown from the scalp in steps, combed and pulled down; each step is pushed out
of a map of the head's radius and, for long hair, kept off the face."""

import numpy as np

from core.synthetic.appearance.hairline import above_hairline, scalp_weight
from core.synthetic.appearance.strands import join, ribbons
from core.synthetic.fields import normalise, smoothstep
from core.synthetic.mesh import BODY, at_points, head, joint, sample_surface, vertex_normals

STRANDS = {
    "crop": 2600,
    "side": 2100,
    "slick": 2100,
    "curly": 2200,
    "receding": 1700,
    "long": 1700,
    "long_wavy": 1700,
    "bob": 1700,
    "bangs": 1800,
    "bun": 1800,
}
DOWN = np.array([0.0, -1.0, 0.0])
WAVY = ("long_wavy", "curly")


def make_hair(person: dict, vertices: np.ndarray, random: np.random.Generator) -> dict | None:
    """Ribbons (see `strands.ribbons`) of a person's hair on the neutral head, None when bald."""
    style = person["style"]
    if style == "bald":
        return None
    base = head().vertices
    weight = scalp_weight(base[head().triangles].mean(1), style, person["recession"])
    weight *= head().parts == BODY
    triangles, barycentric = sample_surface(weight, STRANDS[style], random)
    roots = at_points(vertices, triangles, barycentric)
    normals = normalise(at_points(vertex_normals(vertices), triangles, barycentric))
    at = at_points(base, triangles, barycentric)
    plan = _plan(person, at, random)
    around = radius_map(vertices)
    points = _trace(plan, roots, normals, vertices, around)
    if plan["helix"]:
        points = _wind(points, plan["helix"], plan["turns"], random)
    width = random.uniform(0.035, 0.08, len(points)) * plan["width"]
    strands = ribbons(points, normalise(points - around[0]).astype(np.float32), width, random)
    return join(strands, _knot(vertices, random)) if style == "bun" else strands


def _plan(person: dict, at: np.ndarray, random: np.random.Generator) -> dict:
    """How each strand grows; `at` (n, 3) are its root's base coordinates."""
    style, count = person["style"], len(at)
    from_parting = at[:, 0] - person["parting"]
    # A smooth side change at the parting: a sharp one leaves a bald notch.
    side = np.tanh(from_parting / 0.12)
    top = smoothstep(at[:, 1], 7.8, 8.2)
    rest = (1 - top)[:, None]
    top3 = top[:, None]
    plan: dict = {"steps": 9, "gravity": 0.15, "stiffness": 0.0, "helix": 0.0, "turns": 2.2}
    plan |= {"width": 1.0, "fringe": np.zeros(count)}
    plan["curtain"] = np.full(count, 0.62) + random.uniform(0, 0.3, count)

    if style in ("crop", "receding"):
        comb = np.array([0, 0.15, 0.55]) * top3 + DOWN * rest * 0.7
        plan["comb"] = comb + random.normal(0, 0.25, (count, 3))
        plan["length"] = 0.10 + 0.16 * top + random.uniform(-0.03, 0.03, count)
        plan["lift"] = 0.03 + 0.10 * top
        plan.update(stiffness=0.9 if person["upright"] else 0.45, gravity=0.05, width=0.55)
    elif style == "side":
        across = np.stack([side * 0.8, np.full(count, -0.1), np.full(count, -0.25)], 1)
        comb = across * top3 + np.array([0, -1, -0.25]) * rest
        plan["comb"] = comb + random.normal(0, 0.12, (count, 3))
        plan["length"] = 0.22 + 0.42 * top + random.uniform(-0.05, 0.05, count)
        plan["lift"] = 0.05 + 0.16 * top * smoothstep(np.abs(from_parting), 0, 0.2)
        plan.update(stiffness=0.25, gravity=0.12)
    elif style == "slick":
        back = np.stack([at[:, 0] * 0.1, np.zeros(count), -np.ones(count)], 1)
        comb = back * top3 + np.array([0, -0.6, -0.8]) * rest
        plan["comb"] = comb + random.normal(0, 0.1, (count, 3))
        plan["length"] = 0.3 + 0.45 * top
        plan["lift"] = 0.05 + 0.1 * top
        plan.update(stiffness=0.3, gravity=0.05)
    elif style == "curly":
        male = person["male"]
        plan["comb"] = random.normal(0, 0.5, (count, 3))
        length = 0.32 if male else 0.45 + 0.3 * person["hair_length"]
        plan["length"] = np.full(count, length)
        plan["lift"] = (0.22 if male else 0.36) * random.uniform(0.6, 1.1, count)
        helix = random.uniform(0.035, 0.06)
        plan.update(stiffness=1.0, steps=13, helix=helix, turns=3.2, gravity=0.1, width=0.75)
    elif style == "bun":
        plan.update(target=np.array([0, 8.3, -0.75]), gravity=0.0)
        to_knot = plan["target"] - at
        plan["comb"] = normalise(to_knot)
        plan["length"] = np.linalg.norm(to_knot, axis=1) * 1.1
        plan["lift"] = np.full(count, 0.05)
    else:
        _plan_long(plan, person, at, side, top, random)
    return plan


def _plan_long(
    plan: dict,
    person: dict,
    at: np.ndarray,
    side: np.ndarray,
    top: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Long styles: `long`, `long_wavy`, `bob` and `bangs` (a fringe over the forehead)."""
    style, count = person["style"], len(at)
    height, angle = above_hairline(at, person["recession"])
    back = smoothstep(angle, 1.2, 2)
    edge = smoothstep(angle, 1.1, 0.5) * smoothstep(height, 0.35, 0)
    shortest, longest = {
        "long": (1.9, 2.9),
        "long_wavy": (1.6, 2.6),
        "bob": (1.0, 1.35),
        "bangs": (1.1, 2.4),
    }[style]
    length = shortest + (longest - shortest) * person["hair_length"]
    plan["comb"] = np.stack(
        [
            side * (0.9 - 0.4 * back),
            -0.45 * (1 - edge) - 0.4 * (1 - top),
            -0.35 - 0.2 * back - 0.45 * edge,
        ],
        1,
    ) + random.normal(0, 0.08, (count, 3))
    plan["length"] = length * random.uniform(0.85, 1.05, count) - 0.36 * (1 - top)
    plan["lift"] = random.uniform(0.07, 0.2, count) * (1 + 0.3 * top)
    plan.update(gravity=0.55, steps=14, helix=0.045 if style == "long_wavy" else 0.0)
    if style == "bangs":
        fringe = smoothstep(angle, 1.0, 0.85) * smoothstep(at[:, 1], 7.6, 7.7) * (at[:, 2] > 0.45)
        plan["fringe"] = fringe
        forward = np.stack([at[:, 0] * 0.3, np.full(count, -0.3), np.full(count, 0.9)], 1)
        cut = fringe[:, None] > 0.5
        plan["comb"] = np.where(cut, forward + random.normal(0, 0.06, (count, 3)), plan["comb"])
        reach = 0.40 + np.clip(1.25 - at[:, 2], 0, 1) * 0.85 + random.uniform(-0.04, 0.04, count)
        plan["length"] = np.where(fringe > 0.5, reach, plan["length"])
        plan["lift"] = np.where(fringe > 0.5, 0.06, plan["lift"])


def radius_map(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The head as a smoothed radius by direction: centre (3,), and map (25, 49) float32 with polar
    angles 0 (the crown) to pi by row and -pi to pi around by column."""
    base = head().vertices
    centre = np.array([0, joint(vertices, "head")[1] + 0.45, 0.3], np.float32)
    body = np.unique(head().triangles[head().parts == BODY])
    at = base[body]
    ears = (np.abs(at[:, 0]) > 0.69) & (at[:, 1] < 7.42) & (at[:, 1] > 6.8)
    offset = vertices[body[(at[:, 1] > 6.3) & ~ears]] - centre
    radius = np.linalg.norm(offset, axis=1)
    offset = offset / radius[:, None]
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, 25), np.linspace(-np.pi, np.pi, 49), indexing="ij"
    )
    direction = np.stack(
        [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], -1
    )
    likeness = direction.reshape(-1, 3).astype(np.float32) @ offset.T
    weight = np.exp((likeness - likeness.max(1, keepdims=True)) * 250)
    return centre, ((weight @ radius) / weight.sum(1)).reshape(25, 49).astype(np.float32)


def _radius_at(radius: np.ndarray, offset: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Bilinear look-up of a radius map for offsets (n, 3) of length `distance` (n,)."""
    row = np.arccos(np.clip(offset[:, 1] / distance, -1, 1)) / np.pi * 24
    column = (np.arctan2(offset[:, 0], offset[:, 2]) / np.pi + 1) * 24
    i = np.clip(row.astype(int), 0, 23)
    j = np.clip(column.astype(int), 0, 47)
    a, b = row - i, column - j
    upper = radius[i, j] * (1 - b) + radius[i, j + 1] * b
    lower = radius[i + 1, j] * (1 - b) + radius[i + 1, j + 1] * b
    return upper * (1 - a) + lower * a


def _trace(
    plan: dict, roots: np.ndarray, normals: np.ndarray, vertices: np.ndarray, around: tuple
) -> np.ndarray:
    """Paths (n, steps, 3) float32 of all strands on the head `around`, of `radius_map`."""
    centre, radius = around
    steps, stiffness = plan["steps"], plan["stiffness"]
    position = roots - normals * 0.01
    path = [position]
    heading = normalise(normals * 0.5 + plan["comb"])
    step = (plan["length"] / (steps - 1))[:, None]
    crown = joint(vertices, "head-2")[1] - 0.42
    lift_share = 0.6 if stiffness == 1.0 else 1.0
    for k in range(1, steps):
        t = k / (steps - 1)
        outward = normalise(position - centre)
        lying = (plan["comb"] * outward).sum(1, keepdims=True) * outward * (1 - stiffness)
        pull = min(plan["gravity"] * t**1.1 * (1.6 if plan["gravity"] > 0.3 else 1), 0.93)
        wish = normalise(plan["comb"] - lying + outward * (stiffness * 0.9)) * (1 - pull)
        heading = normalise(0.45 * heading + 0.55 * (wish + DOWN * pull))
        position = position + heading * step
        offset = position - centre
        distance = np.linalg.norm(offset, axis=1)
        lift = plan["lift"] * min(1, t * 3.5) * lift_share + 0.015
        surface = _radius_at(radius, offset, distance) + lift
        # Below the jaw there is no head to collide with.
        held = smoothstep(position[:, 1], 6.3, 6.9)
        pushed = np.where(distance < surface, surface * held + distance * (1 - held), distance)
        if stiffness < 0.5:
            flat = surface + 0.03
            loose = (pushed > flat) & (position[:, 1] > 7.3)
            pushed = np.where(loose, pushed * 0.4 + flat * 0.6, pushed)
        position = centre + offset / distance[:, None] * pushed[:, None]
        if plan["gravity"] > 0.3:
            position = _off_the_face(position, plan, crown)
        path.append(position)
    return np.stack(path, 1).astype(np.float32)


def _off_the_face(position: np.ndarray, plan: dict, crown: float) -> np.ndarray:
    """Turn strands that hang over the face to its sides; the limit is jittered per strand."""
    angle = np.arctan2(position[:, 0], position[:, 2] - 0.2)
    reach = np.hypot(position[:, 0], position[:, 2] - 0.2)
    y = position[:, 1]
    limit = plan["curtain"] + 0.25 * smoothstep(y, 7.2, 6.4)
    limit = limit * smoothstep(y, crown + 0.12, crown - 0.35)
    inside = (np.abs(angle) < limit) & (plan["fringe"] < 0.5) & (position[:, 2] > 0.2)
    turned = np.sign(angle + 1e-9) * (np.abs(angle) * 0.35 + limit * 0.65)
    angle = np.where(inside, turned, angle)
    x = np.sin(angle) * reach
    low = y < 6.5
    x = np.where(low, np.sign(x) * np.maximum(np.abs(x), 0.42), x)
    return np.stack([x, y, np.where(low & ~inside, position[:, 2], 0.2 + np.cos(angle) * reach)], 1)


def _wind(
    points: np.ndarray, radius: float, turns: float, random: np.random.Generator
) -> np.ndarray:
    """Wind paths (n, k, 3) into helices of a radius in decimetres."""
    heading = normalise(np.gradient(points, axis=1))
    first = normalise(np.cross(heading, np.array([0.3, 0.2, 1.0])))
    second = np.cross(heading, first)
    t = np.linspace(0, 1, points.shape[1])[None]
    phase = random.uniform(0, 2 * np.pi, len(points))[:, None] + 2 * np.pi * turns * t
    grow = np.minimum(t * 3, 1)[..., None] * radius
    swing = first * np.cos(phase)[..., None] + second * np.sin(phase)[..., None]
    return (points + grow * swing).astype(np.float32)


def _knot(vertices: np.ndarray, random: np.random.Generator) -> dict:
    centre = np.array([0, joint(vertices, "head-2")[1] - 0.02, -0.72])
    outward = normalise(random.standard_normal((350, 3)))
    around = normalise(np.cross(outward, normalise(np.array([0.2, 0.6, -0.8]))))
    rough = 1 + 0.06 * random.standard_normal((350, 1))
    path = [
        centre + 0.34 * normalise(outward + around * s) * rough for s in np.linspace(-0.6, 0.6, 6)
    ]
    points = np.stack(path, 1).astype(np.float32)
    return ribbons(points, normalise(points - centre), np.full(350, 0.09), random)
