"""Gradient-boosted trees: what hides in thresholds and in their combinations."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Generator

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.scoring import Labels, candidates_for
from core.attacks.fitting import Candidates
from core.attacks.interface import AttackerView

AXES = 48  # leading principal axes that the trees see
MOST_TREES, LOOK_AT = 120, (15, 30, 60, 120)
LEAVES, RATE = 15, 0.1


def fit_trees(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    """The family of `boosted_trees`."""
    wide = view.z[split][0].numel() > AXES
    features = {
        part: values[:, :AXES].cpu().numpy()
        for part, values in flat.flat_features(view, split, turned=wide).items()
    }
    candidates = candidates_for(labels)
    seed = int(torch.randint(2**31, (), generator=generator))
    shape = labels["train"].shape[1]
    scores = {
        part: np.zeros((len(LOOK_AT), len(features[part]), shape), np.float32)
        for part in ("validation", "test")
    }
    for column in range(shape):
        truth = labels["train"][:, column]
        if truth.min() == truth.max():  # nothing to learn: everybody scores 0
            continue
        forest = HistGradientBoostingClassifier(
            max_iter=MOST_TREES,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        ).fit(features["train"], truth)
        for part, found in scores.items():
            stages = forest.staged_decision_function(features[part])
            for trees, values in enumerate(stages, 1):
                if trees in LOOK_AT:
                    found[LOOK_AT.index(trees), :, column] = np.ravel(values)
    for look in range(len(LOOK_AT)):
        logits = torch.from_numpy(scores["validation"][look])
        candidates.offer(
            fitting.qualities(labels["validation"], logits),
            logits,
            partial(torch.from_numpy, scores["test"][look]),
        )
    return candidates
