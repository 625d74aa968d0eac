"""Releases that give away exactly what a test planted in them."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from core.attacks import AttackerView

SPLITS = {"defender": 120, "attacker": 200, "validation": 80, "test": 160}
NAMES = ("Planted", "Task", "Absent")


def view(kind: str, seed: int = 0, noise: float = 0.3, size: int = 16) -> AttackerView:
    """Attributes Planted (private), Task and Absent (never released), four photographs a person.

    kind  "coordinate": flat, one coordinate of 12 follows Planted; "xor": two coordinates whose
          signs differ where Planted; "map": a corner of one channel is brighter; "stripes": a
          pattern of one pixel's period; "constant": nothing at all; "pictures": the photographs
    """
    rng = np.random.default_rng(seed)
    z, x, attributes, identities = {}, {}, {}, {}
    for number, (split, n) in enumerate(SPLITS.items()):
        labels = rng.integers(0, 2, (n, len(NAMES))).astype(np.int8)
        people = number * 1000 + np.repeat(np.arange(n // 4), 4)
        pictures = rng.normal(0.5, 0.05, (n, 3, size, size)) + rng.normal(0, 0.1, (n, 3, 1, 1))
        pictures[:, :, : size // 2] += 0.2 * labels[:, 0, None, None, None]
        pictures[:, :, :, : size // 2] += 0.2 * labels[:, 1, None, None, None]
        x[split] = torch.from_numpy((pictures.clip(0, 1) * 255).astype(np.uint8))
        z[split] = torch.from_numpy(_release(kind, labels, pictures, noise, rng)).float()
        attributes[split], identities[split] = labels, people
    return AttackerView(
        release=lambda x, generator: x,
        z=z,
        x=x,
        attributes=attributes,
        identities=identities,
        attribute_names=NAMES,
        tasks=("Task",),
        private=("Planted",),
        device=torch.device("cpu"),
        pictured=np.array([0, 5, 9]),
    )


def _release(
    kind: str, labels: np.ndarray, pictures: np.ndarray, noise: float, rng: np.random.Generator
) -> np.ndarray:
    n = len(labels)
    signs = 2.0 * labels - 1
    if kind == "pictures":
        return pictures + noise * rng.normal(size=pictures.shape)
    if kind == "constant":
        return np.full((n, 8), 3.7)
    if kind in ("coordinate", "xor"):
        z = rng.normal(size=(n, 12))
        z[:, 5] = signs[:, 1]
        z[:, 3] = signs[:, 0]
        if kind == "xor":
            z[:, 7] = rng.integers(0, 2, n) * 2 - 1
            z[:, 3] *= z[:, 7]
        return z + noise * rng.normal(size=z.shape)
    z = rng.normal(size=(n, 4, 8, 8))
    z[:, 2, 5:] += 2 * labels[:, 1, None, None]
    if kind == "map":
        z[:, 1, :3, :3] += 2 * labels[:, 0, None, None]
    else:
        z[:, 1, :, ::2] += 0.7 * signs[:, 0, None, None]
        z[:, 1, :, 1::2] -= 0.7 * signs[:, 0, None, None]
    return z


def shuffled(given: AttackerView) -> AttackerView:
    """The same with the test rows in another order."""
    order = torch.randperm(len(given.z["test"]), generator=torch.Generator().manual_seed(0))
    rows = order.numpy()
    return dataclasses.replace(
        given,
        z=given.z | {"test": given.z["test"][order]},
        x=given.x | {"test": given.x["test"][order]},
        attributes=given.attributes | {"test": given.attributes["test"][rows]},
        identities=given.identities | {"test": given.identities["test"][rows]},
    )


def value(result, target: str, metric: str = "balanced_accuracy", column: str = "value") -> float:
    """One number of a Result."""
    (row,) = [r for r in result.findings if r["target"] == target and r["metric"] == metric]
    return row[column]
