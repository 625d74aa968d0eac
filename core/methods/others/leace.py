"""LEACE: Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman, "LEACE: Perfect linear concept
erasure in closed form", NeurIPS 2023.

Section 4: of all affine maps after which no linear classifier can tell the concept Z from X better
than a constant (which is the case where Cov(X, Z) = 0, section 3), the one that changes X least is

    r(x) = x - W^+ P W (x - E[X]),   W = (Cov(X)^(1/2))^+,

P the orthogonal projection onto the column space of W Cov(X, Z). X is the vector in front of the last
layer of a network that learned all attributes (`.features`), Z has a column for each private attribute.
The share s of the projection is ours: r_s(x) = x - s W^+ P W (x - E[X]), after which Cov(r_s(X), Z) =
(1 - s) Cov(X, Z).
"""

from typing import Any

from core.errors import PenumbraError
from core.methods.declare import Knob, Method, Model, columns
from core.methods.others import features
from core.run import Run
from core.torch_types import Generator, Tensor

SMALLEST = 1e-9  # variance of an axis, as a share of the largest one's, that is rounding error


def projection(x: Tensor, concept: Tensor) -> tuple[Tensor, Tensor]:
    """W^+ P W of section 4 in two factors, (d, k) and (k, d), of features x (n, d) and labels
    (n, k), both float64. Zero in directions in which neither varies."""
    import torch

    centred = x - x.mean(0)
    covariance = centred.T @ centred / len(x)
    crossed = centred.T @ (concept - concept.mean(0)) / len(x)
    values, axes = torch.linalg.eigh(covariance)
    kept = values > SMALLEST * values[-1].clamp(min=1e-30)
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


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """A network that learns all attributes, then the closed form on its features. Raises PenumbraError
    where nothing is private, or for a share above 1."""
    from core.nets import closed_forms

    features.need_private(run)
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)
    share = run.knobs["share"]
    if share > 1:
        raise PenumbraError(f"share is {share:g}; more than all of it (1) cannot be erased")
    networks, learned = features.attribute_network(run, settings, len(attributes))
    eraser = closed_forms.Eraser(settings["fully_connected"], len(private))

    def release(x: Tensor, generator: Generator, value: float | None) -> Tensor:
        return eraser(features.penultimate(networks, x), share)

    def solve(x: Tensor, labels: Tensor) -> None:
        eraser.fill(x.mean(0), *projection(x, labels[:, private]))

    return Model(
        networks=networks | {"eraser": eraser},
        stages=(learned, features.solved(settings, networks, solve)),
        release=release,
        own_head=lambda z: features.last_layer(networks, z)[:, tasks],
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
        "front of the last layer of a network that learned all attributes of the data set.",
        "The paper erases all of the direction (s = 1); removing a share of it is ours.",
        "Several private attributes are erased each for itself: combinations of them may still be told.",
    ),
)

METHODS = (LEACE,)
