"""LEACE: Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman, "LEACE: Perfect linear concept
erasure in closed form", NeurIPS 2023.

Section 4: of all affine maps after which no linear classifier can tell the concept Z from X better
than a constant (which is the case where Cov(X, Z) = 0, section 3), the one that changes X least is

    r(x) = x - W^+ P W (x - E[X]),   W = (Cov(X)^(1/2))^+,

P the orthogonal projection onto the column space of W Cov(X, Z). Z has a column for each private attribute.
X are places on the leading principal axes of the vector in front of the last layer of a network that
learned tasks and secrets (`.features`). Units that almost never fire are not among them: Cov(r(X), Z)
would be 0 because a few outliers make up for what everybody else's then tell, and a straight line
through other people's releases would read it.

The share s of the projection is ours: r_s(x) = x - s W^+ P W (x - E[X]), after which Cov(r_s(X), Z) =
(1 - s) Cov(X, Z).
"""

from typing import Any

from core.errors import PenumbraError
from core.methods.declare import Knob, Method, Model, columns
from core.methods.others import features
from core.run import Run
from core.torch_types import Generator, Tensor

MOST_AXES = 256
SMALLEST = 1e-3  # variance of an axis that is kept, as a share of the largest one's
ROUNDING = 1e-9  # likewise, of a direction in which nothing varies


def projection(x: Tensor, concept: Tensor) -> tuple[Tensor, Tensor]:
    """W^+ P W of section 4 in two factors, (d, k) and (k, d), of features x (n, d) and labels
    (n, k), both float64. Zero in directions in which neither varies."""
    import torch

    centred = x - x.mean(0)
    covariance = centred.T @ centred / len(x)
    crossed = centred.T @ (concept - concept.mean(0)) / len(x)
    values, axes = torch.linalg.eigh(covariance)
    kept = values > ROUNDING * values[-1].clamp(min=1e-30)
    roots = values.clamp(min=0).sqrt()
    whiten = (axes * torch.where(kept, 1 / roots.clamp(min=1e-30), 0.0)) @ axes.T
    colour = (axes * torch.where(kept, roots, 0.0)) @ axes.T
    basis, sizes, _ = torch.linalg.svd(whiten @ crossed, full_matrices=False)
    basis = basis * (sizes > 1e-9)
    left = x.new_zeros(x.shape[1], concept.shape[1])
    right = x.new_zeros(concept.shape[1], x.shape[1])
    left[:, : basis.shape[1]] = colour @ basis
    right[: basis.shape[1]] = basis.T @ whiten
    return left, right


def leading_axes(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Mean (d,) and the `count` leading principal axes (count, d) of x (n, d), float64; 0 for axes whose
    variance is below `SMALLEST` of the largest."""
    import torch

    mean = x.mean(0)
    values, axes = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    values, axes = values[-count:].flip(0), axes[:, -count:].flip(1)
    return mean, (axes * (values > SMALLEST * values[0])).T


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """A network that learns tasks and secrets, then the closed form on its features. Raises PenumbraError
    where nothing is private, or for a share above 1."""
    from core.nets import closed_forms

    features.need_private(run)
    private, share = columns(attributes, run.private), run.knobs["share"]
    if share > 1:
        raise PenumbraError(f"share is {share:g}; more than all of it (1) cannot be erased")
    networks, learned = features.both_network(run, settings, attributes)
    inputs = settings["fully_connected"]
    width = min(inputs, MOST_AXES)
    eraser = closed_forms.Eraser(inputs, width, len(private))

    def release(x: Tensor, generator: Generator, value: float | None) -> Tensor:
        return eraser(features.penultimate(networks, x), share)

    def serve(z: Tensor) -> Tensor:
        return features.last_layer(networks, eraser.back(z))[:, : len(run.tasks)]

    def solve(x: Tensor, labels: Tensor) -> None:
        mean, axes = leading_axes(x, width)
        eraser.turn(mean, axes)
        eraser.fill(*projection((x - mean) @ axes.T, labels[:, private]))

    return Model(
        networks=networks | {"eraser": eraser},
        stages=(learned, features.solved(settings, networks, solve)),
        release=release,
        own_head=serve,
    )


LEACE = Method(
    name="leace",
    title="LEACE",
    summary=(
        "The one direction in which the network's last features tell the private attribute is removed "
        "by a formula, and nothing else is changed. Whoever reads features by a straight line finds "
        "nothing any more."
    ),
    citation="Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman, LEACE, section 4",
    knobs=(
        Knob(
            name="share",
            symbol="s",
            default=1.0,
            grid=(0.0, 0.5, 0.9, 1.0),
            help=(
                "How much of the telling direction is removed; 1 is the paper's. What is left of it "
                "can be enlarged again by whoever trains on releases."
            ),
        ),
    ),
    presets=features.PRESETS,
    build=build,
    color="#7E57C2",
    release_kind="code",
    paper_attackers={},
    departures=(
        "The paper erases concepts from the hidden layers of language models; here it is the vector in "
        "front of the last layer of a network that learned the task and what is private.",
        "The paper erases all of the direction (s = 1); removing a share of it is ours.",
        "Axes of the features with less than a thousandth of the leading one's variance are not sent.",
        "Several private attributes are erased each for itself: combinations of them may still be told.",
    ),
)

METHODS = (LEACE,)
