"""Logistic regression for all attributes and all penalties at once, to convergence."""

from __future__ import annotations

from functools import partial

import torch
from torch import Generator, Tensor

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.scoring import Labels, candidates_for
from core.attacks.fitting import Candidates
from core.attacks.interface import AttackerView

# Penalties on the squared weights per training row, for features scaled to a mean squared row
# norm of 1; the best per attribute is chosen on validation data.
PENALTIES = (1e-2, 1e-3, 1e-4, 1e-5)


def fit_logistic(
    view: AttackerView, split: str, labels: Labels, generator: Generator
) -> Candidates:
    """The family of `logistic`."""
    features = flat.flat_features(view, split, turned=True)
    truth = torch.as_tensor(labels["train"], device=features["train"].device)
    candidates = candidates_for(labels)
    for weights, intercepts in zip(*fit(features["train"], truth), strict=True):
        logits = _linear(features["validation"], weights, intercepts)
        candidates.offer(
            fitting.qualities(labels["validation"], logits),
            logits,
            partial(_linear, features["test"], weights, intercepts),
        )
    return candidates


def _linear(features: Tensor, weights: Tensor, intercepts: Tensor) -> Tensor:
    return features @ weights + intercepts


def fit(features: Tensor, labels: Tensor, steps: int = 120) -> tuple[Tensor, Tensor]:
    """Fit features (n, r), whose columns are uncorrelated, to labels (n, A) of 0 and 1.

    Minimises mean cross-entropy + penalty / 2 * |w|^2 (the intercept is free) for every attribute
    and every penalty. On principal axes the Hessian lies below diag(s^2) / 4 + penalty, with s^2
    the variances of the columns, so a gradient step preconditioned by that diagonal never
    overshoots (Böhning, Ann. Inst. Stat. Math. 44, 1992); Nesterov's momentum with restarts
    speeds it up. Returns weights (P, r, A) and intercepts (P, A); the row scaling is included.
    """
    n, r = features.shape
    scale = features.square().sum(1).mean().clamp_min(1e-30).rsqrt()
    rows = features * scale
    truth = labels.float().repeat(1, len(PENALTIES))
    attributes = labels.shape[1]
    penalty = torch.tensor(PENALTIES, device=rows.device).repeat_interleave(attributes)
    curvature = rows.square().mean(0)[:, None] / 4 + penalty
    share = truth.mean(0).clamp(1e-4, 1 - 1e-4)
    weights = torch.zeros(r, truth.shape[1], device=rows.device)
    intercept = torch.logit(share)
    ahead, ahead_intercept = weights.clone(), intercept.clone()
    momentum = torch.ones_like(penalty)
    for _ in range(steps):
        residual = torch.sigmoid(rows @ ahead + ahead_intercept) - truth
        gradient = rows.T @ residual / n + penalty * ahead
        new = ahead - gradient / curvature
        new_intercept = ahead_intercept - 4 * residual.mean(0)
        # Restart a problem's momentum when it pushes uphill (O'Donoghue and Candès, 2015).
        uphill = (gradient * (new - weights)).sum(0) > 0
        momentum = torch.where(uphill, torch.ones_like(momentum), momentum)
        following = (1 + torch.sqrt(1 + 4 * momentum.square())) / 2
        push = torch.where(uphill, torch.zeros_like(momentum), (momentum - 1) / following)
        ahead = new + push * (new - weights)
        ahead_intercept = new_intercept + push * (new_intercept - intercept)
        weights, intercept, momentum = new, new_intercept, following
    shape = (r, len(PENALTIES), attributes)
    return scale * weights.reshape(shape).permute(1, 0, 2), intercept.reshape(-1, attributes)
