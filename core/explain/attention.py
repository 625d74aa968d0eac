"""Where does the attacker look? Grad-CAM of a reader of the private attribute, and of the service.

Three looks at the same faces: at the photographs, with nothing in the way; through this run's
releases, so that the map says where in the photograph the evidence lies that gets through; and at
what the attacker reconstructs. The first depends on the data set and the attribute alone and is
kept once for all runs, in `<dataset>/_explain/`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.attacks import default_attack
from core.attacks.interface import AttackerView
from core.errors import PenumbraError
from core.explain import maps
from core.explain.photographs import USUAL, averaged, photographs, places, seen
from core.explain.subject import Subject
from core.metrics.intervals import mean_interval, resample_identities
from core.run import Run
from core.storage.explanations import Explanation
from core.storage.pictures import kept_pictures
from core.torch_types import Generator, Tensor

SIDES = ("attacker", "service")
DRAWS = 6  # of a noisy release that a map is the mean of


def attention_maps(subject: Subject, generator: Generator) -> Explanation:
    """For the run's first private attribute (`USUAL` where it declares none) and its first task.

    Arrays, for each side ("attacker", and "service" where a task is an attribute): `<side>_release`
    uint8 (n, h, w), maps of the pictured test faces, each scaled to its largest cell;
    `<side>_release_groups` (g, h, w), averages; `<side>_redrawn` (n, h', w') on what
    `mirrored_decoder` reconstructed; `<side>_said`, `<side>_said_redrawn` uint8 (n,): the
    decisions. And `positions` (n,) among the test photographs. What has no map is left out.

    Facts: `groups`, the names of the averages; per side `target`, `declared`, `layer` and `cells` of
    the map (None with a `reason` where there is none), `draws`, `balanced_accuracy` with `low` and
    `high`, `n`, `people`; `overlap` (with `overlap_low`, `overlap_high`) and `correlation` of the
    maps with those of the photographs, means over faces (`core.explain.maps`); `thirds`, the shares
    of attention in the upper, middle and lower third; `blank`, the share of faces without any
    evidence for the decision.
    """
    import torch

    from core.attacks.releases import draws_noise
    from core.explain import grad_cam, reader

    view = subject.view
    wanted = targets(subject.run, view.attribute_names)
    names = list(dict.fromkeys(wanted.values()))
    rows, groups = averaged(view, names)
    shared = {name: photographs(subject.faces, view, name) for name in names}
    reading = reader.learned(view, names, generator)
    networks = list(subject.model.networks.values())
    chain = grad_cam.Chain(view.release, reading.scaler, reading.network, networks)
    chain.to(view.device)
    sample = view.x["test"][:2].float() / 255
    layer, where, reason = reading.looked_at, "the reader's last convolution", None
    if layer is None:
        found = grad_cam.last_map(view.release, networks, sample)
        layer, where = (found[0], f"the device's {found[1]}") if found else (None, "")
        reason = None if found else "between photograph and release there is no map of places"
    draws = DRAWS if draws_noise(view.release, view.x["test"]) else 1
    shown = list(view.pictured)
    x = view.x["test"][torch.as_tensor([*shown, *rows], device=view.device)]
    seed = int(torch.randint(2**31, (), generator=generator))
    decided = grad_cam.logits(chain, x, draws, seed) > reading.thresholds
    arrays: dict[str, NDArray[Any]] = {"positions": places(view)}
    facts: dict[str, Any] = {"groups": list(groups), "counts": [len(g) for g in groups.values()]}
    pictures = _reconstructions(subject)
    for side, name in wanted.items():
        column = names.index(name)
        facts[side] = {
            "target": name,
            "declared": name in subject.run.private,
            "draws": draws,
            "reason": reason,
            "layer": where or None,
            "cells": None,
            **reader.score(view, name, reading.test[:, column], reading.thresholds[column]),
        }
        arrays[f"{side}_said"] = decided[: len(shown), column].astype(np.uint8)
        if pictures is not None:
            said, lit = seen(shared[name], pictures)
            arrays[f"{side}_redrawn"] = maps.packed(lit)
            arrays[f"{side}_said_redrawn"] = said.astype(np.uint8)
        if layer is None:
            continue
        lit = grad_cam.evidence(chain, layer, x, column, decided[:, column], draws, seed)
        own, mine = lit[: len(shown)], lit[len(shown) :]
        arrays[f"{side}_release"] = maps.packed(own)
        arrays[f"{side}_release_groups"] = maps.averages(mine, groups.values())
        compared = _compared(view, rows, mine, shared[name].arrays["each"])
        facts[side] |= {"cells": list(lit.shape[1:])} | compared
    return arrays, facts


def targets(run: Run, names: tuple[str, ...]) -> dict[str, str]:
    """Side -> the attribute it reads, among the data set's `names`.

    Raises PenumbraError for a data set without an attribute to ask for.
    """
    private = [name for name in run.private if name in names]
    tasks = [name for name in run.tasks if name in names]
    usual = [USUAL] if USUAL in names else [name for name in names if name not in tasks]
    if not (private or usual):
        raise PenumbraError(f"{run.dataset} has no attribute that an attacker could be asked for")
    return {"attacker": (private or usual)[0], **({"service": tasks[0]} if tasks else {})}


def _reconstructions(subject: Subject) -> Tensor | None:
    """What `mirrored_decoder` made of the pictured faces, uint8 (n, 3, H, W); None where it did not
    attack, or other faces."""
    import torch

    try:
        found = kept_pictures(subject.folder, default_attack("image").name, subject.value)
    except PenumbraError:
        return None
    if not np.array_equal(found["positions"], places(subject.view)):
        return None
    drawn = torch.from_numpy(found["reconstructions"]).permute(0, 3, 1, 2).contiguous()
    return drawn.to(subject.view.device)


def _compared(
    view: AttackerView,
    rows: NDArray[np.int64],
    lit: NDArray[np.float32],
    clear: NDArray[np.uint8],
) -> dict[str, Any]:
    """How maps (n, h, w) of the test rows lie beside those of the photographs, `clear`."""
    alike = maps.overlap(lit, clear)
    low, high = mean_interval(alike, resample_identities(view.identities["test"][rows]))
    numbers = {"overlap": alike.mean(), "overlap_low": low, "overlap_high": high}
    return {
        **maps.rounded(numbers | {"correlation": maps.correlation(lit, clear).mean()}),
        "thirds": maps.third_shares(lit),
        "blank": round(float((lit.sum((1, 2)) == 0).mean()), 4),
    }
