"""What is released with noise, drawn for people to see at any amount of it: the numbers of a code, a map,
a filtered photograph. Pure numpy and Plotly; no Streamlit and no torch. Nothing that is said of
attackers comes from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import colours, faded
from core.errors import PenumbraError

if TYPE_CHECKING:
    from core.methods.declare import Preview

BARS = 300  # pixels


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
    """`core.explain.read` of "noise", taken apart. Raises PenumbraError where it is not what it
    should be: the file may come from somebody else."""
    again = "The file is damaged; delete the run's explain/noise folder and explain it again"
    kind, nothing = facts.get("kind"), np.zeros(0)
    try:
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
            if (
                maps.dtype == np.uint8
                and maps.ndim == 3
                and maps.size
                and isinstance(channels, int)
            ):
                return Kept(kind, maps, nothing, nothing, nothing, channels)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise PenumbraError(f"{again} ({type(error).__name__})") from error
    raise PenumbraError(again)


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


def grey(values: np.ndarray) -> np.ndarray:
    """uint8 (h, w) -> a picture uint8 (h, w, 3)."""
    return np.repeat(values[..., None], 3, axis=2)


def filtered(preview: Preview, picture: np.ndarray, value: float, seed: int) -> np.ndarray:
    """What a filter of the photograph releases (`core.methods.Method.preview`), cut to what a screen
    can show: uint8 (H, W, 3), from uint8 (H, W, 3)."""
    x = preview(picture / 255, value, np.random.default_rng(seed))
    return (x.clip(0, 1) * 255).round().astype(np.uint8)


def bars(
    before: np.ndarray,
    after: np.ndarray,
    mean: np.ndarray,
    spread: np.ndarray,
    most: float,
    dark: bool = False,
) -> go.Figure:
    """The numbers of one face's code: without noise (hollow) and as released (filled), and how far
    people's numbers spread (band of one standard deviation). `most` is the largest ratio that can be
    drawn: it sets the axis, so that nothing jumps when the slider moves."""
    colour = colours(dark)
    names = [str(number + 1) for number in range(len(before))]
    reach = float((np.abs(mean) + 2.2 * math.sqrt(1 + most) * spread).max())
    reach = max(reach, 1.05 * float(np.abs(before).max()), 1.05 * float(np.abs(after).max()))
    data = [
        {"type": "bar", "x": names, "y": (2 * spread).tolist(), "base": (mean - spread).tolist(),
         "width": 0.96, "name": "spread over all faces", "hoverinfo": "skip",
         "marker": {"color": faded(colour["quiet"], 0.16)}},
        {"type": "bar", "x": names, "y": before.tolist(), "width": 0.34, "offset": -0.36,
         "name": "without noise", "hovertemplate": "number %{x}: %{y:.2f}<extra>without noise</extra>",
         "marker": {"color": faded(colour["brick"], 0.25),
                    "line": {"width": 1.5, "color": colour["brick"]}}},
        {"type": "bar", "x": names, "y": after.tolist(), "width": 0.34, "offset": 0.02,
         "name": "released", "hovertemplate": "number %{x}: %{y:.2f}<extra>released</extra>",
         "marker": {"color": colour["teal"]}},
    ]  # fmt: skip
    layout = {
        "barmode": "overlay", "height": BARS, "dragmode": False, "uirevision": "constant",
        "hovermode": "closest", "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "itemclick": False,
                   "itemdoubleclick": False},
        "xaxis": {"title": {"text": "the numbers that leave the device"}, "fixedrange": True,
                  "type": "category"},
        "yaxis": {"range": [-reach, reach], "fixedrange": True, "gridcolor": colour["line"],
                  "zerolinecolor": colour["quiet"]},
    }  # fmt: skip
    # a slider waits for this figure: its plain dicts are checked by the tests, not here again
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def code_frame(
    before: np.ndarray, after: np.ndarray, mean: np.ndarray, spread: np.ndarray
) -> pd.DataFrame:
    """The numbers of `bars`."""
    return pd.DataFrame(
        {
            "number": range(1, len(before) + 1),
            "without noise": before,
            "released": after,
            "mean of all faces": mean,
            "spread of all faces": spread,
        }
    )
