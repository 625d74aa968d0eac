"""What a method says of itself: its own task head, and the adversaries of its training.

The adversaries' numbers are what the papers report (protocol `paper`): no attacker trained after
the method, hence no measure of privacy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.attacks.declare import OwnNetwork
from core.attacks.identity import verification
from core.attacks.interface import Result, attribute_rows, finding
from core.methods.declare import attributes_among
from core.metrics import images, of_pictures
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import mean_interval, resample_identities

if TYPE_CHECKING:
    from torch import Tensor

    from core.attacks.declare import Network
    from core.attacks.interface import AttackerView


def own_head(view: AttackerView, head: Network, protocol: str) -> Result:
    """The method's own classifier on the tasks of the test photographs.

    Strict: the threshold is chosen on validation, as for every fresh head. Paper: it is the
    network's own decision, logit 0. Arrays as those of the probes.
    """
    return _scored(view, head, attributes_among(view.tasks), "own_head", protocol == "strict")


def own_verifier(view: AttackerView, embed: Network, protocol: str) -> Result:
    """The method's own Siamese network on pairs of test photographs of unseen people.

    Strict: the threshold is chosen on validation pairs, as for every fresh head. Paper: it is the
    network's own decision, distance 1. Rows and arrays of `core.attacks.identity.verification.scored`;
    empty result where no two people have two photographs.
    """
    pairs = verification.drawn(view)
    if min(len(drawn.same) for drawn in pairs.values()) == 0:
        return Result()
    embeddings = {split: _outputs(embed, view.z[split]).cpu().numpy() for split in pairs}
    threshold = None if protocol == "strict" else 1.0
    return verification.scored(view, embeddings, "own_verifier", pairs, threshold)


def training_adversary(view: AttackerView, adversary: Network, protocol: str = "paper") -> Result:
    """The adversary classifier of the training loop on the private attributes, decision at 0."""
    return _scored(view, adversary, attributes_among(view.private), "training_adversary", False)


def training_reconstructor(
    view: AttackerView, reconstructor: Network, protocol: str = "paper"
) -> Result:
    """The adversary reconstructor of the training loop: mean MS-SSIM, SSIM and PSNR on test."""
    truth = view.x["test"]
    redrawn = _outputs(reconstructor, view.z["test"]).clamp(0, 1)
    resampling = resample_identities(view.identities["test"])
    findings = [
        finding(
            target="image",
            role="private",
            attacker="training_reconstructor",
            metric=metric,
            value=float(values.double().mean()),
            interval=mean_interval(values.numpy(), resampling),
            chance=None,
            n=len(truth),
            identities=resampling.identities,
        )
        for metric, values in images.similarities(redrawn, truth, of_pictures()).items()
    ]
    return Result(findings)


def _scored(
    view: AttackerView, network: Network, names: tuple[str, ...], attacker: str, fitted: bool
) -> Result:
    columns = [view.attribute_names.index(name) for name in names]
    scores = {
        split: _outputs(network, view.z[split]).cpu().numpy() for split in ("validation", "test")
    }
    resampling = resample_identities(view.identities["test"])
    validation = np.full(len(names), np.nan, np.float32)
    decisions = np.zeros((len(names), len(scores["test"])), bool)
    findings = []
    for output, column in enumerate(columns):
        truth = view.attributes["validation"][:, column]
        given = scores["validation"][:, output]
        threshold = choose_threshold(truth, given) if fitted else 0.0
        validation[output] = balanced_accuracy(truth, given > threshold)
        decisions[output] = scores["test"][:, output] > threshold
        findings += attribute_rows(
            names[output],
            view.role(names[output]),
            attacker,
            view.attributes["test"][:, column],
            scores["test"][:, output],
            threshold,
            view.identities["test"],
            resampling,
        )
    arrays = {
        "targets": np.array([f"attribute:{name}" for name in names], dtype=str),
        "validation": validation,
        "decisions": np.packbits(decisions, axis=1),
        "kept": np.array(names, dtype=str),
        "scores": scores["test"].T.astype(np.float16),
        "validation_scores": scores["validation"].T.astype(np.float16),
    }
    return Result(findings, arrays)


def _outputs(network: Network, z: Tensor, batch: int = 256) -> Tensor:
    import torch

    with torch.no_grad():
        return torch.cat([network(z[i : i + batch]).float() for i in range(0, len(z), batch)])


OWN_NETWORKS = {
    network.name: network
    for network in (
        OwnNetwork(
            name="own_head",
            title="the method's own task network",
            serves=True,
            protocols=("strict", "paper"),
            run=own_head,
        ),
        OwnNetwork(
            name="own_verifier",
            title="the method's own pair matcher",
            serves=True,
            protocols=("strict", "paper"),
            run=own_verifier,
        ),
        OwnNetwork(
            name="training_adversary",
            title="the method's own sparring partner",
            protocols=("paper",),
            run=training_adversary,
        ),
        OwnNetwork(
            name="training_reconstructor",
            title="the method's own redrawer",
            protocols=("paper",),
            run=training_reconstructor,
        ),
    )
}
