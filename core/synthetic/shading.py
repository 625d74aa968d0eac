"""From albedo to light: skin, eyes, teeth, hair and spectacle frames in linear light."""

from typing import NamedTuple

import numpy as np

from core.synthetic.fields import noise, normalise, smoothstep
from core.synthetic.mesh import head

VIEW = np.array([0, 0, 1], np.float32)
# How far light wraps around skin, by colour: red travels furthest below the surface.
WRAP = np.array([0.32, 0.16, 0.1], np.float32)
SHADOW_GLOW = np.array([0.05, 0.02, 0.015], np.float32)


class Points(NamedTuple):
    """Points of the head: base coordinates `at` and unit `normals`, (n, 3); `lit` and `occlusion` in
    0..1 and `cavity` about -1..1, (n,)."""

    at: np.ndarray
    normals: np.ndarray
    lit: np.ndarray
    occlusion: np.ndarray
    cavity: np.ndarray

    def where(self, mask: np.ndarray) -> "Points":
        return Points(*(values[mask] for values in self))


def _sky(normals: np.ndarray, light: dict) -> np.ndarray:
    """Ambient light from a hemisphere, (n, 3)."""
    return light["ambient"] * (0.62 + 0.38 * normals[:, 1:2])


def shade_skin(
    albedo: np.ndarray, points: Points, gloss: float, lips: np.ndarray, light: dict
) -> np.ndarray:
    """Skin of `albedo` (n, 3), `lips` (n,) in 0..1: wrapped diffuse, ambient with occlusion and
    cavities, weak highlights, rim light."""
    at, normals, lit, occlusion, cavity = points
    u, v = at[:, 0] * 2.5, at[:, 1] * 2.5
    rough = np.stack([noise(u, v, 80), noise(u + 0.5, v, 80), np.zeros_like(u)], 1)
    bumpy = normalise(normals + rough * np.float32(0.02))
    facing = bumpy @ light["key"]
    diffuse = np.clip((facing[:, None] + WRAP) / (1 + WRAP), 0, None)
    diffuse = diffuse * (lit[:, None] * 0.95 + SHADOW_GLOW)
    dim = np.clip(1 + 1.1 * np.minimum(cavity, 0.25), 0.45, 1.25)
    occlusion = (occlusion * dim)[:, None] ** np.array([0.8, 1, 1.05], np.float32)
    half = np.clip(bumpy @ light["half"], 0, 1)
    ridge = 0.5 * np.exp(-((at[:, 0] / 0.15) ** 2))
    highlight = (0.05 * half**10 + 0.055 * half**40) * (1 + gloss * lips + ridge)
    highlight = highlight * np.clip(facing * 3, 0, 1) * lit
    fresnel = (1 - np.clip(normals @ VIEW, 0, 1)) ** 4 * 0.1
    rim = np.clip(normals @ light["back"], 0, 1) ** 1.5 * light["rim"] * 1.2
    total = diffuse * light["key_colour"] * np.sqrt(dim)[:, None]
    total = total + _sky(normals, light) * occlusion + rim[:, None]
    return (
        albedo * total * np.float32(0.8)
        + highlight[:, None] * light["key_colour"]
        + fresnel[:, None] * light["ambient"]
    )


def shade_cloth(albedo: np.ndarray, points: Points, light: dict) -> np.ndarray:
    diffuse = np.clip(points.normals @ light["key"], 0, 1) * points.lit
    sky = _sky(points.normals, light) * points.occlusion[:, None]
    return albedo * (diffuse[:, None] * light["key_colour"] + sky) * np.float32(0.8)


def shade_eye(
    part: int, iris: np.ndarray, points: Points, matrix: np.ndarray, gaze: np.ndarray, light: dict
) -> np.ndarray:
    """An eyeball: sclera, iris and pupil by the angle from the gaze (two angles, radians), lid shade,
    catchlight, of a head turned by `matrix`."""
    at, lit = points.at, points.lit
    base = head().vertices[np.unique(head().triangles[head().parts == part])]
    centre = base.mean(0)
    radius = np.ptp(base[:, 1]) / 2
    direction = normalise(at - centre)
    forward = normalise(VIEW @ matrix)
    inward = -0.03 if part == 1 else 0.03
    look = normalise(
        np.array(
            [forward[0] * 0.75 + gaze[0] + inward, forward[1] * 0.6 + gaze[1] * 0.5, 1], np.float32
        )
    )
    angle = np.arccos(np.clip(direction @ look, -1, 1))
    in_iris, in_pupil = smoothstep(angle, 0.47, 0.43), smoothstep(angle, 0.19, 0.15)
    ring = smoothstep(angle, 0.36, 0.46)
    spokes = np.arctan2(direction[:, 1] - look[1], direction[:, 0] - look[0]) * 17
    texture = (1 + 0.12 * np.sin(spokes)) * (1 - 0.7 * ring) * 0.85
    edge = 1 - 0.25 * smoothstep(np.abs(direction[:, 0]), 0.5, 0.9)
    white = np.array([0.66, 0.62, 0.6], np.float32) * edge[:, None]
    albedo = white * (1 - in_iris[:, None]) + iris * (texture * in_iris)[:, None]
    albedo = albedo * (1 - in_pupil[:, None]) + 0.006 * in_pupil[:, None]
    lid = 1 - 0.55 * smoothstep((at[:, 1] - centre[1]) / radius, 0.05, 0.5)
    turned = normalise(direction @ matrix.T)
    diffuse = np.clip(turned @ light["key"] * 0.6 + 0.4, 0, 1) * (0.35 + 0.65 * lit)
    shaded = albedo * (diffuse[:, None] * light["key_colour"] * 0.8 + light["ambient"] * 0.6)
    mirror = np.clip(turned @ normalise(light["key"] * 0.6 + VIEW), 0, 1)
    catch = (
        smoothstep(mirror, 0.982, 0.995) * 0.6 * (0.3 + 0.7 * lit) * smoothstep(angle, 0.75, 0.5)
    )
    return shaded * (0.8 * lid)[:, None] + catch[:, None]


def shade_teeth(points: Points, light: dict) -> np.ndarray:
    """Teeth, darker towards the back of the mouth."""
    deep = 0.25 + 0.75 * smoothstep(points.at[:, 2], 1.15, 1.45)
    facing = 0.22 + 0.45 * np.clip(points.normals @ light["key"], 0, 1) * (0.3 + 0.7 * points.lit)
    total = facing[:, None] * light["key_colour"] + light["ambient"] * 0.5
    return np.array([0.72, 0.68, 0.6], np.float32) * total * deep[:, None]


def shade_tongue(lit: np.ndarray, light: dict) -> np.ndarray:
    total = light["ambient"] * 0.35 + light["key_colour"] * (0.2 * lit)[:, None]
    return np.array([0.35, 0.1, 0.1], np.float32) * total


def shade_hair(
    colour: np.ndarray, strands: np.ndarray, lit: np.ndarray, light: dict, scalp: bool
) -> np.ndarray:
    """Hair of the head (`scalp`) or a beard after Kajiya and Kay: light along strands, two
    highlights, dark roots. `strands` (n, 9): tangents, normals, across, along and tint of
    `strands.ribbons`."""
    tangents, normals = normalise(strands[:, :3]), normalise(strands[:, 3:6])
    across, along, tint = strands[:, 6:].T
    facing = tangents @ light["key"]
    diffuse = np.sqrt(np.clip(1 - facing * facing, 0, 1))
    towards = np.clip(normals @ light["key"] * 0.75 + 0.25, 0, 1)
    fine = 1 + 0.22 * noise(across * 0.11 + tint * 37.3, along * 0.12 + tint * 91.7, 80)
    depth = 0.45 + 0.55 * smoothstep(along, 0, 0.25) if scalp else 0.7 + 0.3 * along
    own = colour * (tint * fine)[:, None]
    shift = (0.12 * (1 + 0.5 * (tint - 1)))[:, None]
    first = _lobe(normalise(tangents + normals * shift), light["half"], 60) * 0.10
    second = _lobe(normalise(tangents - normals * 0.1), light["half"], 22) * 0.35
    gloss = towards * (0.2 + 0.8 * lit) * fine * (1.0 if scalp else 0.3)
    shine = (first[:, None] + second[:, None] * colour) * light["key_colour"]
    direct = (diffuse * towards * (0.25 + 0.75 * lit) * 1.15)[:, None] * light["key_colour"]
    sky = light["ambient"] * (0.55 + 0.45 * normals[:, 1:2]) * 0.75
    rim = np.clip(normals @ light["back"], 0, 1) * light["rim"] * 1.5
    return (own * (direct + sky + rim[:, None]) + shine * gloss[:, None]) * depth[:, None]


def _lobe(tangents: np.ndarray, half: np.ndarray, power: float) -> np.ndarray:
    along = tangents @ half
    return np.sqrt(np.clip(1 - along * along, 0, 1)) ** power


def shade_frame(colour: np.ndarray, normals: np.ndarray, light: dict) -> np.ndarray:
    facing = np.clip(normals @ light["key"], 0, 1)
    shine = np.clip(normals @ light["half"], 0, 1) ** 25 * 0.5
    base = colour * (facing[:, None] * light["key_colour"] + light["ambient"] * 0.7)
    return base + shine[:, None] * light["key_colour"]


def lens_glare(at: np.ndarray, azimuth: float, key: float) -> np.ndarray:
    """Faint reflections on spectacle lenses at points (n, 3): (n,)."""
    bands = np.sin((at[:, 0] * 0.8 + at[:, 1]) * 5 + azimuth * 2)
    return smoothstep(bands, 0.75, 1) * np.float32(0.1 * key)
