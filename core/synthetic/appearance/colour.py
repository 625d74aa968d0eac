"""Colours: everything is shaded in linear light and encoded to sRGB once, at the end."""

from typing import Any

import numpy as np


def to_linear(srgb: Any) -> np.ndarray:
    """sRGB values in 0..1 to linear light, float32."""
    srgb = np.asarray(srgb, np.float32)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB in 0..1; values outside 0..1 are clipped."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def from_hex(codes: str) -> np.ndarray:
    """Linear RGB (n, 3) of sRGB codes such as "f3d3c2 ebbfa4"."""
    return to_linear(np.stack([[*bytes.fromhex(code)] for code in codes.split()]) / 255)


# Skin ramp from very light (tone 0) to very dark (tone 6).
SKIN_TONES = from_hex("f3d3c2 ebbfa4 d9a283 bd825e 94603f 6b4029 452a1d")
HAIR_COLOURS = {
    "black": from_hex("17130f")[0],
    "dark_brown": from_hex("35231a")[0],
    "brown": from_hex("553825")[0],
    "light_brown": from_hex("7a5636")[0],
    "blond": from_hex("c29d62")[0],
    "red": from_hex("7d3a1c")[0],
    "gray": from_hex("9a9894")[0],
    "white": from_hex("cfcbc4")[0],
}
# The first two belong to dark-haired people, any to the others.
IRIS_COLOURS = from_hex("3b2416 4a2f1b 5f4526 55663a 5b7a8c 7c98ab 6f7c7c")
LIPSTICKS = from_hex("b3122f 8e1030 c2384b a8324f d0485c b81d5b")
EYE_SHADOWS = from_hex("4a3040 5a3a2a 39415c 6b3f52 3a3a3a")
FRAME_COLOURS = from_hex("0c0c0e 101014 2a1710 54504a 5c1418 8a6f3a")


def skin_colour(tone: float) -> np.ndarray:
    """Linear RGB (3,) of a skin tone on the ramp, `tone` in 0 (lightest) .. 6 (darkest)."""
    step = int(min(tone, 5.999))
    share = np.float32(tone - step)
    return SKIN_TONES[step] * (1 - share) + SKIN_TONES[step + 1] * share
