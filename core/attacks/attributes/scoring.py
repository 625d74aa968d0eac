"""What every attack on attributes shares: classifiers are fitted to frozen releases, and scored.

The same families measure utility: trained on the defender's photographs and for the tasks alone,
they say how well the service can still do its tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from core.attacks.fitting import Candidates
from core.attacks.interface import AttackerView, Result, attribute_rows, check_finite
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import resample_identities

Labels = dict[str, NDArray[np.int8]]
# (view; split to train on; labels by "train", "validation", "test"; generator) -> scores
Family = Callable[[AttackerView, str, Labels, Generator], Candidates]


def probe(
    view: AttackerView,
    generator: Generator,
    attacker: str,
    family: Family,
    splits: Sequence[str] = ("defender", "attacker"),
) -> Result:
    """Fit the family as an attacker (private and unlisted attributes) and as a fresh head of the
    service (tasks), those of the two whose split is among `splits`, and score it on test.

    Arrays: `targets` (A,) names, `validation` (A,) the balanced accuracy of each, `decisions`
    packed bits (A, ceil(n / 8)) of each over the test photographs, `kept` names of tasks and
    private attributes with their `scores` float16 (kept, n) and `validation_scores` (kept, v).
    """
    check_finite(view)
    names = view.attribute_names
    tasks = [i for i, name in enumerate(names) if name in view.tasks]
    sides = {"defender": tasks, "attacker": [i for i in range(len(names)) if i not in tasks]}
    resampling = resample_identities(view.identities["test"])
    findings = []
    asked: list[int] = []
    validation = np.full(len(names), np.nan, np.float32)
    decisions = np.zeros((len(names), len(view.z["test"])), bool)
    test_scores = np.zeros((len(names), len(view.z["test"])), np.float32)
    validation_scores = np.zeros((len(names), len(view.z["validation"])), np.float32)
    for split, columns in sides.items():
        if split not in splits or not columns or len(view.z[split]) < 2:
            continue
        asked += columns
        parts = {"train": split, "validation": "validation", "test": "test"}
        labels = {part: view.attributes[name][:, columns] for part, name in parts.items()}
        chosen = family(view, split, labels, generator)
        for output, column in enumerate(columns):
            truth = labels["validation"][:, output]
            threshold = choose_threshold(truth, chosen.validation[:, output])
            decisions[column] = chosen.test[:, output] > threshold
            test_scores[column] = chosen.test[:, output]
            validation_scores[column] = chosen.validation[:, output]
            validation[column] = balanced_accuracy(truth, chosen.validation[:, output] > threshold)
            findings += attribute_rows(
                names[column],
                view.role(names[column]),
                attacker,
                labels["test"][:, output],
                chosen.test[:, output],
                threshold,
                view.identities["test"],
                resampling,
            )
    asked.sort()
    kept = [i for i in asked if names[i] in (*view.tasks, *view.private)]
    arrays = {
        "targets": np.array([f"attribute:{names[i]}" for i in asked], dtype=str),
        "validation": validation[asked],
        "decisions": np.packbits(decisions[asked], axis=1),
        "kept": np.array([names[i] for i in kept], dtype=str),
        "scores": test_scores[kept].astype(np.float16),
        "validation_scores": validation_scores[kept].astype(np.float16),
    }
    return Result(findings, arrays)


def best_of(*families: Family) -> Family:
    """The family that is, for each attribute, whichever of `families` is the best on validation."""

    def fit(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
        best = candidates_for(labels)
        for family in families:
            found = family(view, split, labels, generator)
            test = torch.from_numpy(found.test)
            best.offer(
                found.quality, torch.from_numpy(found.validation), partial(torch.clone, test)
            )
        return best

    return fit


def candidates_for(labels: Labels) -> Candidates:
    """No scores yet, for the photographs and attributes of `labels`."""
    test, attributes = labels["test"].shape
    return Candidates.empty(attributes, len(labels["validation"]), test)
