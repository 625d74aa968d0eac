"""What every attack on attributes shares: classifiers are fitted to frozen releases, and scored.

The same families measure utility: trained on the defender's photographs and for the tasks alone,
they say how well the service can still do its tasks.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from core.attacks.interface import AttackerView, Result, attribute_result
from core.metrics.attributes import auc

Labels = dict[str, NDArray[np.int8]]  # "train", "validation", "test" -> (n, A)
PARTS = {"train": "attacker", "validation": "validation", "test": "test"}  # of which split


class Candidates:
    """Best scores so far of each of A attributes, above 0 for yes: the choice is made on validation.

    quality (A,), validation (v, A), test (n, A)
    """

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.quality = np.full(labels["validation"].shape[1], -np.inf)
        self.validation = np.zeros(labels["validation"].shape, np.float32)
        self.test = np.zeros(labels["test"].shape, np.float32)

    def offer(self, validation: Tensor, test: Callable[[], Tensor]) -> NDArray[np.float64]:
        """Take over the attributes whose `validation` logits (v, A) are better than before; returns
        how good they are (A,)."""
        quality = qualities(self.labels["validation"], validation)
        better = quality > self.quality + 1e-6
        if better.any():
            self.quality[better] = quality[better]
            self.validation[:, better] = validation.cpu().numpy()[:, better]
            self.test[:, better] = test().cpu().numpy()[:, better]
        return quality


# (view; split to train on; labels; generator) -> scores
Family = Callable[[AttackerView, str, Labels, Generator], Candidates]


def qualities(labels: NDArray[np.int8], logits: Tensor) -> NDArray[np.float64]:
    """Validation AUC per attribute; minus the cross-entropy where there is a single class."""
    result = np.empty(labels.shape[1])
    for column, given in enumerate(logits.double().cpu().T):
        result[column] = auc(labels[:, column], given.numpy())
        if np.isnan(result[column]):
            truth = torch.as_tensor(labels[:, column]).double()
            result[column] = -float(functional.binary_cross_entropy_with_logits(given, truth))
    return result


def labels_of(view: AttackerView, split: str, columns: Sequence[int]) -> Labels:
    """Labels of some of the attributes for a family that is trained on `split`."""
    parts = PARTS | {"train": split}
    return {part: view.attributes[name][:, list(columns)] for part, name in parts.items()}


def probe(
    view: AttackerView,
    generator: Generator,
    attacker: str,
    family: Family,
    splits: Sequence[str] = ("defender", "attacker"),
) -> Result:
    """Fit the family as an attacker (private and unlisted attributes) and as a fresh head of the
    service (tasks), those of the two whose split is among `splits`, and score it on test
    (`attribute_result`)."""
    names = view.attribute_names
    tasks = [i for i, name in enumerate(names) if name in view.tasks]
    sides = {"defender": tasks, "attacker": [i for i in range(len(names)) if i not in tasks]}
    scores = {}
    for split, columns in sides.items():
        if split not in splits or not columns or len(view.z[split]) < 2:
            continue
        chosen = family(view, split, labels_of(view, split, columns), generator)
        for column, validation, test in zip(
            columns, chosen.validation.T, chosen.test.T, strict=True
        ):
            scores[column] = {"validation": validation, "test": test}
    named = {names[column]: scores[column] for column in sorted(scores)}
    people = view.identities["test"]
    result = attribute_result(attacker, named, view.truth, people, view.role, view.threshold)
    return Result(sorted(result.findings, key=lambda row: row["role"] != "utility"), result.arrays)


def best_of(*families: Family) -> Family:
    """The family that is, for each attribute, whichever of `families` is the best on validation."""

    def fit(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
        best = Candidates(labels)
        for family in families:
            found = family(view, split, labels, generator)
            test = torch.from_numpy(found.test)
            best.offer(torch.from_numpy(found.validation), test.clone)
        return best

    return fit
