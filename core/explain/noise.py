"""What is released before noise is added to it, so that the noise can be drawn for people to see.

Kept once per run: a few faces' releases without noise, and what the noise is drawn from. A page then
draws it for any amount, without the network (`app.noise.amounts`). Filters of the photograph need nothing
of the kind: the photographs are there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.subject import Subject
from core.methods import METHODS
from core.run import Run
from core.storage.explanations import Explanation
from core.torch_types import Generator

WITHOUT = 0.0  # the release value that adds no noise
MAPS = 12  # faces whose map is kept; 1 kB each at 32 x 32


def applies(run: Run) -> bool:
    """Whether noise is added to what a run releases, neither to the photograph nor by drawing one
    answer, in an amount that can be chosen when it is released."""
    method = METHODS[run.method]
    moved = method.noisy and method.release_knob is not None
    return moved and method.preview is None and not method.finite


def noise(subject: Subject, generator: Generator) -> Explanation:
    """Arrays, of the photographs of people that are kept everywhere (`AttackerView.pictured`):

    positions   int32 (n,), in `faces.indices("test")`, as of reconstructions
    codes       float16 (n, k), without noise (DPFE)
    noise_root  float32 (k, k), symmetric: noise of ratio r is sqrt(r) N(0, 1) noise_root, whose
                covariance is r Cov(code) (DPFE Procedure 2)
    mean, spread  float32 (k,), of the codes of all test photographs, without noise
    maps        uint8 (n, h, w): the channel that varies most, without noise (AIA, *Random*), from
                `low` to `high`

    facts: "kind" ("code" or "map"); of a map also "channel", "channels", "low", "high" (the range
    that replaced values are drawn from, evenly).
    """
    import torch

    view, model = subject.view, subject.model
    kind = METHODS[subject.run.method].release_kind
    assert model.noise is not None
    drawn_from = {name: tensor.cpu().numpy() for name, tensor in model.noise().items()}
    rows = np.asarray(view.pictured)[: MAPS if kind == "map" else None]
    with torch.no_grad():
        released = torch.cat(
            [
                model.release(batch.float() / 255, generator, WITHOUT).flatten(1).cpu()
                for batch in view.x["test"].split(256)
            ]
        ).numpy()
    places = view.places.get("test", np.arange(len(released)))
    arrays: dict[str, NDArray[Any]] = {"positions": places[rows].astype(np.int32)}
    if kind == "code":
        arrays |= {
            "codes": released[rows].astype(np.float16),
            "noise_root": drawn_from["root"].astype(np.float32),
            "mean": released.mean(0).astype(np.float32),
            "spread": released.std(0).astype(np.float32),
        }
        return arrays, {"kind": kind}
    assert model.released_map is not None
    channels, height, width = model.released_map
    maps = released.reshape(-1, channels, height, width)
    channel = int(maps.var((0, 2, 3)).argmax())
    low, high = (float(drawn_from[end][channel]) for end in ("low", "high"))
    scaled = (maps[rows, channel] - low) / max(high - low, 1e-9)
    arrays["maps"] = (scaled.clip(0, 1) * 255).round().astype(np.uint8)
    facts = {"kind": kind, "channel": channel, "channels": channels, "low": low, "high": high}
    return arrays, facts
