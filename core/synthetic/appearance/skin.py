"""Skin, make-up, brows, stubble, scalp and clothes: albedo painted in base-mesh coordinates."""

from typing import NamedTuple

import numpy as np

from core.synthetic.appearance import colour
from core.synthetic.appearance.hairline import above_hairline, beard_weight
from core.synthetic.fields import blend, bump, noise, sample_masks, smoothstep
from core.synthetic.mesh import MASKS, head

LIPS, EARS, EYELIDS, INSIDE_MOUTH = range(len(MASKS))


class Pixels(NamedTuple):
    """Body pixels: base coordinates `at` (n, 3), `x` without its sign, `y`; noise coordinates `u`,
    `v`; whether they lie at the `front` (n,); `masks` (n, 4) in the order of `mesh.MASKS`."""

    at: np.ndarray
    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    front: np.ndarray
    masks: np.ndarray


def paint(
    person: dict, photograph: dict, at: np.ndarray, uv: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Albedo of body pixels.

    `at` (n, 3) are base coordinates and `uv` (n, 2) texture coordinates, float32. Returns linear
    RGB (n, 3) and the weights (n,) of lips, cloth and scalp hair, all in 0..1.
    """
    x, y, z = np.abs(at[:, 0]), at[:, 1], at[:, 2]
    masks = sample_masks(head().masks, uv)
    u, v = np.arctan2(at[:, 0], z - 0.2) * np.float32(0.35), y * np.float32(0.35)
    front = (z > 0.6).astype(np.float32)
    tone = colour.skin_colour(person["tone"]).astype(np.float32)
    skin = np.repeat(tone[None], len(at), 0)
    made_up = photograph["makeup"]

    px = Pixels(at, x, y, u, v, front, masks)
    skin = _complexion(skin, px, person, made_up)
    skin = _marks(skin, px, person)
    if not person["young"]:
        skin = _wrinkles(skin, px, person["age"])
    if made_up:
        skin = _makeup(skin, px, photograph, tone)
    lips = smoothstep(masks[:, LIPS], 0.25, 0.75)
    skin = blend(skin, _lip_colour(person, photograph, tone), lips * 0.9)
    line = bump(y, 6.632, 0.02) * smoothstep(x, 0.28, 0.2) * (z > 1.1) * lips
    skin = skin * (1 - 0.35 * line)[:, None]
    inside = masks[:, INSIDE_MOUTH] * ((z < 1.35) | (y < 6.3))
    skin = blend(skin, np.array([0.12, 0.02, 0.02], np.float32), inside)
    if person["male"]:
        skin = _stubble(skin, px, person, photograph["facial_hair"], lips, tone)
    skin = _brows(skin, px, person)
    liner = np.exp(-(((x - 0.32) / 0.17) ** 4)) * bump(y, 7.345, 0.018) * front
    skin = skin * (1 - (0.75 if made_up else 0.2) * liner)[:, None]
    skin, scalp = _scalp(skin, px, person)
    edge = photograph["neckline"]
    scoop = photograph["neck_depth"] * bump(at[:, 0], 0, 0.35) * (z > 0.2)
    cloth = smoothstep(y + scoop, edge + 0.02, edge - 0.02)
    weave = (1 + 0.08 * noise(u * 3, v * 3, 24))[:, None]
    skin = skin * (1 - cloth[:, None]) + photograph["cloth"] * weave * cloth[:, None]
    return np.clip(skin, 0.002, 1).astype(np.float32), lips, cloth, scalp


def _complexion(skin: np.ndarray, px: Pixels, person: dict, made_up: bool) -> np.ndarray:
    """Redness of cheeks, nose and ears; mottling; shade of the eye sockets."""
    x, y, u, v, front = px.x, px.y, px.u, px.v, px.front
    red = (
        bump(x, 0.42, 0.2) * bump(y, 6.98, 0.2) * 0.8 + bump(x, 0, 0.12) * bump(y, 6.95, 0.12) * 0.7
    )
    red = red + px.masks[:, EARS] * 0.6 + bump(x, 0, 0.2) * bump(y, 6.3, 0.1) * 0.3
    red = red * front * np.float32(person["ruddiness"] * (1 if person["tone"] < 3 else 0.5))
    skin = skin * (1 - red[:, None] * np.array([0, 0.22, 0.2], np.float32))
    fine = 0.3 if made_up else 1.0
    mottle = noise(u, v, 8) * 0.035 + noise(u * 2, v * 2, 24) * np.float32(0.025 * fine)
    skin = skin * (1 + mottle)[:, None]
    under = bump(x, 0.3, 0.16) * bump(y, 7.14, 0.05) * np.float32(0.2 + 0.35 * person["age"])
    socket = bump(x, 0.28, 0.2) * bump(y, 7.36, 0.06) * 0.18
    shade = (under + socket) * front * np.float32(0.7)
    return skin * (1 - shade[:, None] * np.array([0.7, 1, 0.9], np.float32))


def _marks(skin: np.ndarray, px: Pixels, person: dict) -> np.ndarray:
    y = px.y
    if person["freckles"]:
        spots = smoothstep(noise(px.u * 1.6, px.v * 1.6, 80), 1.2, 2) * bump(y, 7.05, 0.3)
        spots = spots * np.float32(person["freckles"])
        skin = skin * (1 - spots[:, None] * np.array([0.25, 0.4, 0.45], np.float32))
    for mole_x, mole_y, radius in person["moles"]:
        spot = bump(px.at[:, 0], mole_x, radius) * bump(y, mole_y, radius) * px.front
        skin = skin * (1 - spot[:, None] * np.array([0.6, 0.7, 0.75], np.float32))
    return skin


def _wrinkles(skin: np.ndarray, px: Pixels, age: float) -> np.ndarray:
    """Forehead lines, crow's feet, folds beside nose and mouth, frown lines, age spots."""
    x, y, u, v = px.x, px.y, px.u, px.v
    lines = np.zeros_like(x)
    for height in (7.66, 7.76, 7.86):
        wave = height + 0.02 * np.sin(x * 7 + height * 9) - 0.03 * x
        lines += bump(y, wave, 0.011) * smoothstep(x, 0.48, 0.25)
    for offset in (-0.06, 0, 0.06):
        foot = 7.27 + offset + (x - 0.52) * (offset * 5)
        lines += bump(y, foot, 0.01) * smoothstep(x, 0.49, 0.53) * smoothstep(x, 0.7, 0.62)
    fold = 0.16 + (6.95 - y) * 0.55
    lines += 1.5 * bump(x, fold, 0.022) * smoothstep(y, 6.97, 6.88) * smoothstep(y, 6.48, 6.6)
    lines += bump(x, 0.05, 0.012) * bump(y, 7.47, 0.06)
    bag = 7.1 - 0.25 * (x - 0.3) ** 2
    lines += 1.0 * bump(y, bag, 0.014) * bump(x, 0.3, 0.14)
    marionette = 0.27 + (6.6 - y) * 0.2
    lines += bump(x, marionette, 0.016) * smoothstep(y, 6.62, 6.55) * smoothstep(y, 6.3, 6.4)
    depth = np.clip(lines, 0, 1.4) * px.front * np.float32(0.36 * age)
    skin = skin * (1 - depth[:, None] * np.array([0.8, 1, 1], np.float32))
    spots = smoothstep(noise(u * 1.1, v * 1.1, 24), 1.3, 2.2) * 0.25 * age
    uneven = noise(u * 1.3, v * 1.3, 24) * np.float32(0.045 * age)
    return skin * ((1 + uneven) * (1 - spots))[:, None].astype(np.float32)


def _makeup(skin: np.ndarray, px: Pixels, photograph: dict, tone: np.ndarray) -> np.ndarray:
    x, y, front = px.x, px.y, px.front
    brightness = 0.5 + tone.mean()
    blush = bump(x, 0.46 + (y - 7) * 0.4, 0.15) * bump(y, 7, 0.1) * front
    skin = blend(skin, np.array([0.75, 0.22, 0.24], np.float32) * brightness, blush * 0.3)
    lid = bump(x, 0.33, 0.2) * smoothstep(y, 7.27, 7.33) * smoothstep(y, 7.5, 7.38) * front
    lid = np.maximum(lid * 0.85, px.masks[:, EYELIDS] * 0.9 * (y > 7.25))
    return blend(skin, photograph["shadow_colour"], lid * 0.8)


def _lip_colour(person: dict, photograph: dict, tone: np.ndarray) -> np.ndarray:
    """Lipstick, or the skin's own colour turned red."""
    if photograph["lipstick"]:
        return photograph["lipstick_colour"] * np.float32(0.75 + 0.5 * tone.mean())
    red = [0.82, 0.52, 0.52] if person["male"] else [0.8, 0.46, 0.48]
    return (tone * red + [0.02, 0, 0]).astype(np.float32)


def _stubble(
    skin: np.ndarray, px: Pixels, person: dict, facial_hair: str, lips: np.ndarray, tone: np.ndarray
) -> np.ndarray:
    """The shade of shaven hair, stubble, and the skin below a beard."""
    at = px.at
    cover = beard_weight(at, "full") * 0.16
    if facial_hair != "none":
        strength = 0.85 if facial_hair == "stubble" else 0.9
        cover = np.maximum(cover, beard_weight(at, facial_hair) * strength)
    cover = cover * (0.85 + 0.15 * noise(px.u * 3, px.v * 3, 80))
    cover = np.clip(cover, 0, 1) * (1 - lips) * (0.9 if person["tone"] < 4 else 0.7)
    return blend(skin, person["hair"] * 0.7 + tone * 0.08, cover.astype(np.float32))


def _brows(skin: np.ndarray, px: Pixels, person: dict) -> np.ndarray:
    """Eyebrows: an arch that thins outwards, drawn with hair-like noise."""
    x, y = px.x, px.y
    along = (x - 0.12) / 0.46
    middle = 7.475 + person["brow_height"] - 0.14 * np.clip(along - 0.62, 0, 1) ** 1.2
    middle += 1.3 * person["brow_arch"] * np.sin(np.clip(along, 0, 1) * np.pi * 0.85)
    thickness = np.interp(along, [0, 0.25, 0.6, 1], [0.85, 1, 0.85, 0.25])
    edge = np.abs(y - middle) / (person["brow_thickness"] * thickness)
    brow = smoothstep(edge, 1, 0.45) * smoothstep(along, -0.04, 0.07) * smoothstep(along, 1.03, 0.9)
    hairs = 0.74 + 0.26 * noise(x * 2.2 + y * 1.4, (y - x * 0.5) * 0.7, 80)
    dark = 0.45 if person["hair_colour"] in ("blond", "gray", "white") else 0.75
    strength = 0.92 if person["young"] else 0.75
    cover = np.clip(brow * px.front * hairs, 0, 1) * strength
    return blend(skin, person["hair"] * np.float32(dark), cover.astype(np.float32))


def _scalp(skin: np.ndarray, px: Pixels, person: dict) -> tuple[np.ndarray, np.ndarray]:
    """The scalp below the hair takes its colour; a shaven one keeps a shade of it."""
    height, angle = above_hairline(px.at, person["recession"])
    ears = px.masks[:, EARS]
    if person["style"] == "bald":
        cover = smoothstep(height, 0, 0.1) * 0.1 * (1 - ears)
        return blend(skin, person["hair"], cover.astype(np.float32)), 0 * cover
    # A ragged hairline: a straight one looks like a cap.
    cover = smoothstep(height + noise(px.u * 2, px.v * 2, 24) * 0.025, -0.05, 0.07) * 0.97
    if person["style"] == "receding":
        cover = cover * np.maximum(
            smoothstep(angle, 1.05, 1.35) * smoothstep(px.y, 8.05, 7.85), 0.12
        )
    cover = (cover * (1 - ears)).astype(np.float32)
    return blend(skin, person["hair"] * np.float32(0.55), cover), cover
