"""What redrawn pictures are worth: likeness to the photographs, and whose face they show."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.attacks.declare import Attack
from core.attacks.identity.face_features import Network, faces_in, networks, photographed
from core.attacks.interface import AttackerView, Result, finding
from core.metrics import images, of_pictures
from core.metrics.identity import by_chance, nearest, split_gallery
from core.metrics.intervals import mean_interval, resample_identities
from core.storage.pictures import packed

MOST_PICTURES = 12  # kept of each attack but the default one: the same faces, less space


def score_reconstructions(
    view: AttackerView,
    attack: Attack,
    pictures: Tensor,
    validation: float,
    rows: NDArray[np.int64] | None = None,
) -> Result:
    """Findings and arrays of `pictures` uint8 (n, 3, H, W), redrawn from the releases of the test
    photographs `rows` (all of them by default).

    `validation` is the mean MS-SSIM on validation photographs, with which the attacker competes
    for the worst case of target `image`. Findings: means of MS-SSIM, SSIM and PSNR, with the score
    of the attacker's mean picture for chance; with a face network `face_similarity`, the mean
    cosine between the faces redrawn and photographed (chance: the mean picture's), and
    `reidentification`, the share of redrawn faces whose nearest photograph in a gallery of other
    photographs shows the same person; where a second network was chosen the same through it, of
    the first `recogniser.MOST_REDRAWN` pictures, under names of their own. Sources: Xiao et al.
    (AAAI-20), "Privacy Metric", for the first; `core.metrics.identity` for gallery and probes, the
    same for all attackers.
    Arrays: `targets`, `validation`; `originals` and `reconstructions`, packed by `core.storage.pictures`,
    of `view.pictured` as far as they were redrawn (the first `MOST_PICTURES` where the attack is not
    the default one), their `positions` among the test photographs, and `ms_ssim`, `ssim`, `psnr` of each.
    """
    rows = np.arange(len(view.x["test"])) if rows is None else rows
    truth = view.x["test"][torch.as_tensor(rows, device=pictures.device)]
    blind = _mean_picture(view.x["attacker"], len(truth))
    quality = images.similarities(pictures, truth, of_pictures())
    chances = images.similarities(blind, truth, of_pictures())
    people = view.identities["test"][rows]
    findings = [
        _row(attack.name, name, values.numpy(), float(chances[name].double().mean()), people)
        for name, values in quality.items()
    ]
    for network in networks(view):
        findings += _face_rows(view, attack.name, pictures, blind[:1], rows, network)
    place = {int(row): number for number, row in enumerate(rows)}
    shown = view.pictured if attack.default else view.pictured[:MOST_PICTURES]
    kept = np.array([place[int(row)] for row in shown if int(row) in place], dtype=np.int64)
    places = view.places.get("test", np.arange(len(view.x["test"])))
    arrays = {
        "targets": np.array(["image"], dtype=str),
        "validation": np.array([validation], dtype=np.float32),
        **packed("originals", truth[kept].permute(0, 2, 3, 1).cpu().numpy()),
        **packed("reconstructions", pictures[kept].permute(0, 2, 3, 1).cpu().numpy()),
        "positions": places[rows[kept]].astype(np.int32),
        **{name: values.numpy()[kept].astype(np.float32) for name, values in quality.items()},
    }
    return Result(findings, arrays)


def _row(
    attacker: str,
    metric: str,
    values: NDArray[Any],
    chance: float,
    people: NDArray[np.int64],
) -> dict[str, Any]:
    resampling = resample_identities(people)
    return finding(
        target="image",
        role="private",
        attacker=attacker,
        metric=metric,
        value=float(np.mean(values, dtype=np.float64)),
        interval=mean_interval(values, resampling),
        chance=chance,
        n=len(values),
        identities=resampling.identities,
    )


def _face_rows(
    view: AttackerView,
    attacker: str,
    pictures: Tensor,
    blind: Tensor,
    rows: NDArray[np.int64],
    network: Network,
) -> list[dict[str, Any]]:
    """Rows of `face_similarity`, and of `reidentification` where a redrawn face has other
    photographs of its person in the gallery."""
    pictures, rows = pictures[: network.most], rows[: network.most]
    clear = photographed(view, "test", network).cpu().numpy()
    redrawn = faces_in(view, pictures, network).cpu().numpy()
    guessed = faces_in(view, blind, network).cpu().numpy()
    people = view.identities["test"]
    found = [
        _row(
            attacker,
            f"face_similarity{network.suffix}",
            (redrawn * clear[rows]).sum(1),
            float((guessed * clear[rows]).sum(1).mean(dtype=np.float64)),
            people[rows],
        )
    ]
    gallery, probes = split_gallery(view.x["test"].cpu().numpy(), people)
    asked = np.flatnonzero(np.isin(rows, probes))
    if asked.size:
        persons = people[rows[asked]]
        named = people[gallery][nearest(redrawn[asked], clear[gallery])]
        chance = by_chance(people, gallery, rows[asked])
        metric = f"reidentification{network.suffix}"
        found.append(_row(attacker, metric, named == persons, chance, persons))
    return found


def _mean_picture(x: Tensor, count: int) -> Tensor:
    """What a guesser who sees no release would draw: the mean of x, uint8 (count, 3, H, W)."""
    return x.double().mean(0).round().to(torch.uint8).expand(count, -1, -1, -1)
