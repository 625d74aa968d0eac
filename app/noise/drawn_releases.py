"""What is released with noise, drawn for people. No attacker's number comes from here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.errors import damaged

if TYPE_CHECKING:
    from core.methods.declare import Preview


class Kept(NamedTuple):
    """What was kept of a run's releases without noise (`core.explain.noise`), checked.

    kind      "code" or "map"
    releases  codes float (n, k), or one channel of the maps uint8 (n, h, w)
    """

    kind: str
    releases: np.ndarray
    noise_root: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    channels: int


def checked(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Kept:
    """`core.explain.read` of "noise", taken apart. Raises PenumbraError where it is damaged."""
    again = "delete the run's explain/noise folder and explain it again"
    kind, nothing = facts.get("kind"), np.zeros(0)
    with damaged("The file is damaged", again):
        if kind == "code":
            codes = np.asarray(arrays["codes"], dtype=float)
            parts = [np.asarray(arrays[n], dtype=float) for n in ("noise_root", "mean", "spread")]
            width = codes.shape[1]
            shapes = [part.shape for part in parts]
            finite = all(np.isfinite(part).all() for part in (codes, *parts))
            if shapes == [(width, width), (width,), (width,)] and len(codes) and finite:
                return Kept(kind, codes, *parts, channels=1)
        elif kind == "map":
            maps, channels = arrays["maps"], facts["channels"]
            bytes_of = maps.dtype == np.uint8 and maps.ndim == 3 and maps.size
            if bytes_of and isinstance(channels, int):
                return Kept(kind, maps, nothing, nothing, nothing, channels)
        raise ValueError("not what Penumbra wrote")


def code_with_noise(
    code: np.ndarray, noise_root: np.ndarray, ratio: float, seed: int
) -> np.ndarray:
    """DPFE Procedure 2: a code (k,) plus N(0, ratio Cov(code)), drawn from `seed`; the same seed
    gives the same direction at every ratio, so that a slider makes it grow."""
    drawn = np.random.default_rng(seed).standard_normal(len(code))
    return code.astype(float) + math.sqrt(ratio) * drawn @ noise_root.astype(float)


def map_with_replacements(values: np.ndarray, probability: float, seed: int) -> np.ndarray:
    """AIA's *Random*: values uint8 (h, w), each replaced by an even draw with a probability."""
    random = np.random.default_rng(seed)
    hit = random.random(values.shape) < probability
    return np.where(hit, random.integers(0, 256, values.shape), values).astype(np.uint8)


def filtered(preview: Preview, picture: np.ndarray, value: float, seed: int) -> np.ndarray:
    """What a filter of the photograph releases (`core.methods.Method.preview`), cut to what a
    screen can show: uint8 (H, W, 3), from uint8 (H, W, 3)."""
    x = preview(picture / 255, value, np.random.default_rng(seed))
    return (x.clip(0, 1) * 255).round().astype(np.uint8)
