"""Attributes by neighbours: whoever looks alike is taken to be alike."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.kernels import squared_distances
from core.attacks.attributes.scoring import Labels, candidates_for
from core.attacks.fitting import Candidates
from core.attacks.interface import AttackerView, finding
from core.metrics.bayes import cover_hart
from core.metrics.intervals import percentile_interval, resample_identities, resampled_mean

NEIGHBOURS = (1, 3, 5, 9, 15, 31, 61, 121)
BLOCK = 512  # rows whose distances are held at once


def fit_neighbours(
    view: AttackerView, split: str, labels: Labels, generator: Generator
) -> Candidates:
    """The family of `neighbours`."""
    features = flat.flat_features(view, split)
    truth = torch.as_tensor(labels["train"], device=features["train"].device).float()
    scores = {
        part: votes(features["train"], truth, features[part]) for part in ("validation", "test")
    }
    candidates = candidates_for(labels)
    for k, logits in scores["validation"].items():
        quality = fitting.qualities(labels["validation"], logits)
        candidates.offer(quality, logits, partial(scores["test"].__getitem__, k))
    return candidates


def error_bounds(view: AttackerView) -> list[dict[str, Any]]:
    """Rows of `bayes_error_bound`, of every attribute that is no task."""
    features = flat.flat_features(view, "attacker")
    columns = [i for i, name in enumerate(view.attribute_names) if name not in view.tasks]
    labels = torch.as_tensor(view.attributes["attacker"][:, columns], device=view.device)
    said = votes(features["train"], labels.float(), features["test"])[1] > 0.5
    wrong = said.cpu().numpy() != view.attributes["test"][:, columns].astype(bool)
    resampling = resample_identities(view.identities["test"])
    rows = []
    for column, missed in zip(columns, wrong.T, strict=True):
        truth = view.attributes["test"][:, column]
        if truth.min() == truth.max():
            continue
        drawn = [cover_hart(error, 2) for error in resampled_mean(missed, resampling).tolist()]
        name = view.attribute_names[column]
        rows.append(
            finding(
                target=f"attribute:{name}",
                role=view.role(name),
                attacker="neighbours",
                metric="bayes_error_bound",
                value=cover_hart(float(missed.mean()), 2),
                interval=percentile_interval(drawn),
                chance=float(min(truth.mean(), 1 - truth.mean())),
                n=len(truth),
                identities=resampling.identities,
            )
        )
    return rows


def votes(known: Tensor, labels: Tensor, asked: Tensor) -> dict[int, Tensor]:
    """k -> share of 1 (n, A) among the k nearest of `known` (m, r) with `labels` (m, A), for each
    row of `asked` (n, r). A neighbour counts by 1 / (distance + that of the nearest): the share is
    continuous, so that a threshold can be chosen. Numbers of neighbours above m are left out."""
    counts = [k for k in NEIGHBOURS if k <= len(known)]
    found: dict[int, list[Tensor]] = {k: [] for k in counts}
    for start in range(0, len(asked), BLOCK):
        apart = squared_distances(asked[start : start + BLOCK], known).sqrt()
        near, places = apart.topk(counts[-1], largest=False)
        weights = 1 / (near + near[:, :1]).clamp_min(1e-12)
        for k in counts:
            said = torch.einsum("nk,nka->na", weights[:, :k], labels[places[:, :k]])
            found[k].append(said / weights[:, :k].sum(1, keepdim=True))
    return {k: torch.cat(parts) for k, parts in found.items()}
