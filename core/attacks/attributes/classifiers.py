"""Families of classifiers that read attributes from releases: for each attribute, the setting that
is best on validation. Kernels have a file of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.kernels import squared_distances
from core.attacks.attributes.scoring import Candidates, Labels
from core.attacks.fitting import Recipe
from core.attacks.interface import AttackerView, rows
from core.data.held import Rows
from core.metrics.identity import cover_hart
from core.metrics.intervals import (
    Measured,
    percentile_interval,
    resample_identities,
    resampled_mean,
)
from core.nets.probes import ConvolutionalProbe, is_picture, mlp
from core.seeding import seeded

# Of logistic regression: on the squared weights per training row, for features scaled to a mean
# squared row norm of 1.
PENALTIES = (1e-2, 1e-3, 1e-4, 1e-5)
NEIGHBOURS = (1, 3, 5, 9, 15, 31, 61, 121)
BLOCK = 512  # rows whose distances are held at once
AXES = 48  # leading principal axes that the trees see
MOST_TREES, LOOK_AT = 120, (15, 30, 60, 120)
LEAVES, RATE = 15, 0.1
LEAST_STEPS = 800  # on pictures: as many as the compact task network is trained for
BATCH, MOST_EPOCHS = 64, 60
RECIPE = Recipe(2e-3, enough=2e-3)  # a look gives the mean validation AUC


def fit_logistic(
    view: AttackerView, split: str, labels: Labels, generator: Generator
) -> Candidates:
    features = flat.flat_features(view, split, turned=True)
    truth = torch.as_tensor(labels["train"], device=features["train"].device)
    candidates = Candidates(labels)
    for weights, intercepts in zip(*logistic_regression(features["train"], truth), strict=True):
        validation, test = (features[p] @ weights + intercepts for p in ("validation", "test"))
        candidates.offer(validation, test.clone)
    return candidates


def logistic_regression(
    features: Tensor, labels: Tensor, steps: int = 120
) -> tuple[Tensor, Tensor]:
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


def fit_neighbours(
    view: AttackerView, split: str, labels: Labels, generator: Generator
) -> Candidates:
    features = flat.flat_features(view, split)
    truth = torch.as_tensor(labels["train"], device=features["train"].device).float()
    scores = {
        part: votes(features["train"], truth, features[part]) for part in ("validation", "test")
    }
    candidates = Candidates(labels)
    for k, share in scores["validation"].items():
        candidates.offer(share - 0.5, partial(torch.sub, scores["test"][k], 0.5))
    return candidates


def votes(known: Tensor, labels: Tensor, asked: Tensor) -> dict[int, Tensor]:
    """k -> share of 1 (n, A) among the k nearest of `known` (m, r) with `labels` (m, A), for each
    row of `asked` (n, r). A neighbour counts by 1 / (distance + that of the nearest): the share is
    continuous, so that a threshold can be chosen. Numbers of neighbours above m are left out."""
    counts = [k for k in NEIGHBOURS if k <= len(known)]
    found: dict[int, list[Tensor]] = {k: [] for k in counts}
    for block in asked.split(BLOCK):
        near, places = squared_distances(block, known).sqrt().topk(counts[-1], largest=False)
        weights = 1 / (near + near[:, :1]).clamp_min(1e-12)
        for k in counts:
            said = torch.einsum("nk,nka->na", weights[:, :k], labels[places[:, :k]])
            found[k].append(said / weights[:, :k].sum(1, keepdim=True))
    return {k: torch.cat(parts) for k, parts in found.items()}


def error_bounds(view: AttackerView) -> list[dict[str, Any]]:
    """Rows of `bayes_error_bound`, of every attribute that is no task."""
    features = flat.flat_features(view, "attacker")
    columns = [i for i, name in enumerate(view.attribute_names) if name not in view.tasks]
    labels = torch.as_tensor(view.attributes["attacker"][:, columns], device=view.device)
    said = votes(features["train"], labels.float(), features["test"])[1] > 0.5
    wrong = said.cpu().numpy() != view.attributes["test"][:, columns].astype(bool)
    people = view.identities["test"]
    resampling = resample_identities(people)
    found = []
    for column, missed in zip(columns, wrong.T, strict=True):
        truth, name = view.attributes["test"][:, column], view.attribute_names[column]
        if truth.min() == truth.max():
            continue
        drawn = [cover_hart(error, 2) for error in resampled_mean(missed, resampling).tolist()]
        bound = Measured(
            cover_hart(float(missed.mean()), 2),
            percentile_interval(drawn),
            float(min(truth.mean(), 1 - truth.mean())),
        )
        measured = {"bayes_error_bound": bound}
        found += rows(measured, people, f"attribute:{name}", "neighbours", view.role(name))
    return found


def fit_trees(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    wide = view.z[split][0].numel() > AXES
    features = {
        part: values[:, :AXES].cpu().numpy()
        for part, values in flat.flat_features(view, split, turned=wide).items()
    }
    seed = int(torch.randint(2**31, (), generator=generator))
    attributes = labels["train"].shape[1]
    scores = {
        part: np.zeros((len(LOOK_AT), len(features[part]), attributes), np.float32)
        for part in ("validation", "test")
    }
    for column, truth in enumerate(labels["train"].T):
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
    candidates = Candidates(labels)
    for validation, test in zip(*map(torch.from_numpy, scores.values()), strict=True):
        candidates.offer(validation, test.clone)
    return candidates


def fit_mlp(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    data = flat.flat_features(view, split)
    candidates = Candidates(labels)
    for dropout, decay in ((0.1, 1e-3), (0.5, 1e-1)):
        build = partial(mlp, data["train"].shape[1], labels["train"].shape[1], dropout)
        weighted = not view.plain
        fit_network(build, data, candidates, generator, weight_decay=decay, weighted=weighted)
    return candidates


def fit_cnn(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    data = flat.scaled_maps(view, split)
    candidates = Candidates(labels)
    fit_network(
        partial(convolutional, data["train"].shape[1:], labels["train"].shape[1]),
        data,
        candidates,
        generator,
        partial(flat.flip_some, generator=generator),
        least_steps=fewest_steps(data["train"].shape[1:]),
        weighted=not view.plain,
    )
    return candidates


def convolutional(shape: Sequence[int], outputs: int) -> ConvolutionalProbe:
    """The network of `cnn` for maps of `shape` (C + 1, h, w) (`features.MapScaler`)."""
    channels, height, width = shape
    return ConvolutionalProbe((channels, height, width), outputs, 0.3)


def fewest_steps(shape: Sequence[int]) -> int:
    """How long it is trained at least. On pictures a network may stay at chance for ten epochs before
    it finds a small sign, a smile; stopping there would pass off a network that never began as a
    release that is safe."""
    return LEAST_STEPS if is_picture(shape[0] - 1, shape[1], shape[2]) else 0


def fit_network(
    build: Callable[[], nn.Module],
    data: Mapping[str, Rows],
    candidates: Candidates,
    generator: Generator,
    augment: fitting.Augment | None = None,
    weight_decay: float = RECIPE.weight_decay,
    least_steps: int = 0,
    learning_rate: float = RECIPE.learning_rate,
    weighted: bool = True,
) -> nn.Module:
    """A network (features -> logits (n, A)) trained on data["train"] until the mean validation AUC
    stops rising; every epoch's scores are offered to `candidates`. Of each attribute the rarer class
    weighs more unless `weighted` is false."""

    def look(average: nn.Module) -> float:
        logits = fitting.predict(average, data["validation"])
        test = partial(fitting.predict, average, data["test"])
        return float(candidates.offer(logits, test).mean())

    recipe = replace(
        RECIPE, learning_rate=learning_rate, weight_decay=weight_decay, least_steps=least_steps
    )
    labels = candidates.labels["train"]
    return train_network(build, data["train"], labels, look, generator, recipe, augment, weighted)


def train_network(
    build: Callable[[], nn.Module],
    features: Rows,
    labels: NDArray[np.int8],
    look: Callable[[nn.Module], float],
    generator: Generator,
    recipe: Recipe,
    augment: fitting.Augment | None = None,
    weighted: bool = True,
) -> nn.Module:
    """A network (features (n, …) -> logits (n, A)) as it is at its best `look`, that of the labels
    (n, A); of each attribute the rarer class weighs more unless `weighted` is false."""
    truth = torch.as_tensor(labels, device=features.device).float()
    share = truth.mean(0).clamp(0.02, 0.98)
    # Square root: half-way between the plain loss and one in which both classes weigh the same.
    weight = ((1 - share) / share).sqrt() if weighted else None

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(logits, truth[rows], pos_weight=weight)

    size = min(BATCH, len(features))
    with seeded(generator, features.device):
        network, _ = fitting.fit_on(
            features,
            build(),
            (fitting.batches(len(features), size, generator) for _ in range(MOST_EPOCHS)),
            loss,
            look,
            recipe,
            augment,
        )
    return network
