"""What reconstructions are worth: likeness to the photographs, and whose face they show."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.attacks.declare import Attack
from core.attacks.identity.face_features import OWN, Network, faces_in, networks, photographed
from core.attacks.interface import AttackerView, Result
from core.attacks.interface import rows as rows_of
from core.data.held import mean
from core.metrics import images, of_pictures
from core.metrics.identity import by_chance, nearest, split_gallery
from core.metrics.intervals import measured_mean
from core.storage.pictures import packed

MOST_PICTURES = 12  # kept of each attack but the default one: the same faces, less space


def score_reconstructions(
    view: AttackerView,
    attack: Attack,
    pictures: Tensor,
    validation: float,
    tried: Tensor,
    rows: NDArray[np.int64] | None = None,
) -> Result:
    """Findings and arrays of `pictures` uint8 (n, 3, H, W), reconstructed from the releases of the
    test photographs `rows` (all of them by default).

    `validation` is the mean MS-SSIM on validation photographs, with which the attacker competes
    for the worst case of target `image`; `tried` are its reconstructions of the first of them, by
    which it competes in what Penumbra's face network sees (`criteria`, names of metrics, and
    `criteria_validation`). Findings: means of MS-SSIM, SSIM and PSNR, with the score
    of the attacker's mean picture for chance; through each face network those of `_of_faces`.
    Arrays: `targets`, `validation`; `kept_for_people` of `view.pictured` (the first
    `MOST_PICTURES` where the attack is not the default one).
    """
    rows = np.arange(len(view.x["test"])) if rows is None else rows
    truth = view.x["test"][torch.as_tensor(rows, device=pictures.device)]
    # What a guesser that sees no release would draw.
    mean_picture = mean(view.x["attacker"], Tensor.double)[None].round().to(torch.uint8)
    quality = images.similarities(pictures, truth, of_pictures())
    chances = images.similarities(mean_picture.expand_as(truth), truth, of_pictures())
    people = view.identities["test"][rows]
    measured = {
        name: measured_mean(values.numpy(), people, float(chances[name].double().mean()))
        for name, values in quality.items()
    }
    findings = rows_of(measured, people, "image", attack.name)
    for network in networks(view):
        findings += _of_faces(view, attack.name, pictures, mean_picture, rows, network)
    by_faces = _on_validation(view, tried)
    shown = view.pictured if attack.default else view.pictured[:MOST_PICTURES]
    arrays = {
        "targets": np.array(["image"], dtype=str),
        "validation": np.array([validation], dtype=np.float32),
        "criteria": np.array(list(by_faces), dtype=str),
        "criteria_validation": np.array(list(by_faces.values()), dtype=np.float32),
        **kept_for_people(view, pictures, quality, shown, rows),
    }
    return Result(findings, arrays)


def kept_for_people(
    view: AttackerView,
    pictures: Tensor,
    quality: Mapping[str, Tensor],
    shown: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> dict[str, NDArray[Any]]:
    """Those of the test photographs `shown` that are among `rows`, of which `pictures` uint8
    (n, 3, H, W) were reconstructed and `quality`, metric -> (n,), was measured: arrays `originals`
    and `reconstructions`, packed by `core.storage.pictures`, their `positions` among the test
    photographs, and each metric of each."""
    place = {int(row): number for number, row in enumerate(rows)}
    kept = np.array([place[int(row)] for row in shown if int(row) in place], dtype=np.int64)
    truth = view.x["test"][torch.as_tensor(rows[kept], device=view.x["test"].device)]
    places = view.places.get("test", np.arange(len(view.x["test"])))
    return {
        **packed("originals", truth.permute(0, 2, 3, 1).cpu().numpy()),
        **packed("reconstructions", pictures[kept].permute(0, 2, 3, 1).cpu().numpy()),
        "positions": places[rows[kept]].astype(np.int32),
        **{name: values.numpy()[kept].astype(np.float32) for name, values in quality.items()},
    }


def _of_faces(
    view: AttackerView,
    attacker: str,
    pictures: Tensor,
    mean_picture: Tensor,
    rows: NDArray[np.int64],
    network: Network,
) -> list[dict[str, Any]]:
    """Rows of `face_similarity`, the mean cosine between the faces reconstructed and photographed
    (chance: the mean picture's), and of `reidentification`, the share of reconstructed faces whose
    nearest photograph in a gallery of other photographs shows the same person, where there is one
    (Xiao et al., AAAI-20, "Privacy Metric"; `core.metrics.identity` for the gallery). Of the first
    `network.most` pictures."""
    pictures, rows = pictures[: network.most], rows[: network.most]
    likeness, asked, recognised = _seen(view, "test", pictures, rows, network)
    clear = photographed(view, "test", network).cpu().numpy()
    guessed = faces_in(view, mean_picture, network).cpu().numpy()
    people = view.identities["test"]
    chance = float((guessed * clear[rows]).sum(1).mean(dtype=np.float64))
    similarity = measured_mean(likeness, people[rows], chance)
    name = f"{images.FACE_SIMILARITY.name}{network.suffix}"
    found = rows_of({name: similarity}, people[rows], "image", attacker)
    if asked.size:
        persons = people[rows[asked]]
        gallery, _ = split_gallery(view.x["test"].cpu().numpy(), people)
        chance = by_chance(people, gallery, rows[asked])
        share = measured_mean(recognised, persons, chance)
        name = f"{images.REIDENTIFICATION.name}{network.suffix}"
        found += rows_of({name: share}, persons, "image", attacker)
    return found


def _seen(
    view: AttackerView, split: str, pictures: Tensor, rows: NDArray[np.int64], network: Network
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Of `pictures`, reconstructed from the photographs `rows` of a split: the cosine of each with its
    photograph (n,); positions of those whose person has a photograph in the gallery; and whether the
    nearest in the gallery is that person's."""
    clear = photographed(view, split, network).cpu().numpy()
    seen = faces_in(view, pictures, network).cpu().numpy()
    people = view.identities[split]
    gallery, probes = split_gallery(view.x[split].cpu().numpy(), people)
    asked = np.flatnonzero(np.isin(rows, probes))
    recognised = np.zeros(0, bool)
    if asked.size:
        named = people[gallery][nearest(seen[asked], clear[gallery])]
        recognised = named == people[rows[asked]]
    return (seen * clear[rows]).sum(1), asked, recognised


def _on_validation(view: AttackerView, tried: Tensor) -> dict[str, float]:
    """Metric -> its mean over `tried`, as Penumbra's own face network sees them; {} without one."""
    if view.face_features is None or not len(tried):
        return {}
    rows = np.arange(len(tried))
    likeness, asked, recognised = _seen(view, "validation", tried, rows, OWN)
    found = {images.FACE_SIMILARITY.name: float(likeness.mean())}
    if asked.size:
        found[images.REIDENTIFICATION.name] = float(recognised.mean())
    return found
