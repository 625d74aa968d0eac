"""Controls: an attacker who fails where everything is open proves nothing where it is closed.

Every attack is run on the photographs themselves (positive control) and on a constant (negative
control). It is conclusive for a target when it clearly succeeds on the first and stays at chance on
the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Generator, Tensor

IDENTITY, CONSTANT = "identity", "constant"
# What an attacker is judged by: one metric of each kind of attack, two of the feature-level one.
DECIDING = (
    "balanced_accuracy",
    "ms_ssim",
    "top1_accuracy",
    "log_rank_privacy",
    "cosine_similarity",
    "lda_ratio",
)
# What the low end of the positive control's interval must exceed.
ATTRIBUTE_FLOOR = 0.55  # balanced accuracy; chance is .5
# Of what the best attacker gains over chance on the photographs, the share an attacker must gain:
# .77 where another reads .97 is no chance result, and still far too weak to conclude from.
SHARE_OF_BEST = 0.8
IMAGE_FLOOR = 0.7  # MS-SSIM
IDENTITY_FACTOR = 5.0  # times chance
COSINE_GAIN = 0.3  # above chance: of faces seen through the face-verification network
SCATTER_FACTOR = 1.5  # times chance: variance between people over the one within
LOG_RANK_SHARE = 0.8  # of chance: what the log rank, low for a strong attacker, must stay under
# How far above chance the negative control may come out: an interval misses by chance, too.
ATTRIBUTE_SLACK, IMAGE_SLACK, IDENTITY_SLACK = 0.02, 0.05, 1.0
LOG_RANK_SLACK = 0.02  # below chance
COSINE_SLACK = 0.05


def identity_release(x: Tensor, generator: Generator) -> Tensor:
    """The photograph itself, as float (n, 3, H, W) in [0, 1]: nothing is protected."""
    return x


def constant_release(x: Tensor, generator: Generator) -> Tensor:
    """The same map for everybody, (n, 8, H // 4, W // 4): nothing is released."""
    return x.new_full((len(x), 8, x.shape[2] // 4, x.shape[3] // 4), 0.5)


RELEASES = {IDENTITY: identity_release, CONSTANT: constant_release}


def verdicts(
    positive: Iterable[dict[str, Any]], negative: Iterable[dict[str, Any]]
) -> dict[tuple[str, str], bool]:
    """(attacker, target) -> whether the attacker is conclusive, from the rows of both controls."""
    opened, closed = _deciding(positive), _deciding(negative)
    best: dict[str, float] = {}
    for (_, target), rows in opened.items():
        best[target] = max(best.get(target, -1.0), *(row["value"] or -1.0 for row in rows))
    return {
        key: all(succeeds(row, best[key[1]]) for row in rows)
        and key in closed
        and all(map(at_chance, closed[key]))
        for key, rows in opened.items()
    }


def _deciding(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(attacker, target) -> the rows that all have to come out right."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["metric"] in DECIDING:
            found.setdefault((row["attacker"], row["target"]), []).append(row)
    return found


def succeeds(row: dict[str, Any], best: float) -> bool:
    """Whether a row of the positive control clearly beats chance and does not fall far behind
    `best`, the value of the strongest attacker on the same target."""
    if row["low"] is None or row["chance"] is None:
        return False
    if row["metric"] == "ms_ssim":
        return bool(row["low"] > IMAGE_FLOOR)
    if row["metric"] == "top1_accuracy":
        return bool(row["low"] > IDENTITY_FACTOR * row["chance"])
    if row["metric"] == "log_rank_privacy":
        return bool(row["high"] < LOG_RANK_SHARE * row["chance"])
    if row["metric"] == "lda_ratio":
        return bool(row["low"] > SCATTER_FACTOR * row["chance"])
    if row["metric"] == "cosine_similarity":
        return bool(row["low"] > row["chance"] + COSINE_GAIN)
    enough = row["chance"] + SHARE_OF_BEST * (best - row["chance"])
    return bool(row["low"] > ATTRIBUTE_FLOOR and row["value"] >= enough)


def at_chance(row: dict[str, Any]) -> bool:
    """Whether a row of the negative control is where a guesser would be."""
    if row["low"] is None or row["chance"] is None:
        return False
    if row["metric"] == "ms_ssim":
        return bool(row["low"] <= row["chance"] + IMAGE_SLACK)
    if row["metric"] == "top1_accuracy":
        return bool(row["low"] <= row["chance"] * (1 + IDENTITY_SLACK))
    if row["metric"] == "log_rank_privacy":
        return bool(row["high"] >= row["chance"] - LOG_RANK_SLACK)
    if row["metric"] == "lda_ratio":
        return bool(row["low"] <= row["chance"])
    if row["metric"] == "cosine_similarity":
        return bool(row["low"] <= row["chance"] + COSINE_SLACK)
    return bool(row["low"] <= row["chance"] + ATTRIBUTE_SLACK)


def seed_of(text: str) -> int:
    """A seed for torch and numpy from a description of what it is for."""
    import hashlib

    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


def generator_for(text: str) -> Generator:
    """A generator on the CPU seeded by a description of what it is for."""
    return torch.Generator().manual_seed(seed_of(text))
