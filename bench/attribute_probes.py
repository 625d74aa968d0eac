"""All attributes at once: one network with an output for each, against a network for each.

    python -m bench.attribute_probes [--run RUN] [--epochs 8]

The MLP probe on the releases of a shipped run, trained for the same epochs on the attacker's
photographs: as it is built (`shared`: hidden layers for all attributes), as one network per
attribute with all of them stepped together by `torch.func` (`stacked`), and the same one after the
other (`in turn`). Prints seconds, and the mean over attributes of the AUC on test photographs at the
epoch that was best on validation. One thread.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.func import functional_call, grad, stack_module_state
from torch.nn import functional

from core import data, train
from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.probes import _mlp
from core.attacks.releases import view_of
from core.metrics.attributes import auc
from core.run import ROOT

RATE, DECAY, BATCH, DROPOUT = 2e-3, 1e-2, 64, 0.3
Features = dict[str, Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", default="deep_obfuscator-1dba4bc1fe", help="of checkpoints/synthetic"
    )
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    features, labels = released(options.run)
    attributes = labels["train"].shape[1]
    print(f"{options.run}: {tuple(features['train'].shape)} features, {attributes} attributes")
    for name, fit in (("shared", shared), ("stacked", stacked), ("in turn", in_turn)):
        torch.manual_seed(0)
        began = time.perf_counter()
        score = fit(features, labels, options.epochs)
        print(f"{name:8} {time.perf_counter() - began:7.1f} s   mean test AUC {score:.4f}")


def released(name: str) -> tuple[Features, Features]:
    """(features, labels) by "train", "validation", "test" of a shipped run."""
    run, _, model = train.load(ROOT / "checkpoints" / "synthetic" / name)
    faces = data.load("synthetic", 64, 64)
    shape = model.released_map

    def release(x: Tensor, generator: Generator) -> Tensor:
        z = model.release(x, generator, None)
        return z if shape is None else z.reshape(len(z), *shape)

    view = view_of(release, faces, run, torch.device("cpu"), seed=0)
    parts = {"train": "attacker", "validation": "validation", "test": "test"}
    varied = view.attributes["attacker"].std(0) > 0
    labels = {
        part: torch.from_numpy(view.attributes[split][:, varied]).float()
        for part, split in parts.items()
    }
    return flat.flat_features(view, "attacker"), labels


def shared(features: Features, labels: Features, epochs: int) -> float:
    return plain(features, labels, epochs)


def in_turn(features: Features, labels: Features, epochs: int) -> float:
    """One network after the other; the mean of their scores."""
    columns = range(labels["train"].shape[1])
    alone = [{part: values[:, [c]] for part, values in labels.items()} for c in columns]
    return float(np.mean([plain(features, each, epochs) for each in alone]))


def plain(features: Features, labels: Features, epochs: int) -> float:
    """One network for all columns of `labels`."""
    network = _mlp(features["train"].shape[1], labels["train"].shape[1], DROPOUT)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    best = Best(labels)
    generator = Generator().manual_seed(0)
    for _ in range(epochs):
        network.train()
        for rows in fitting.batches(len(features["train"]), BATCH, generator):
            loss = functional.binary_cross_entropy_with_logits(
                network(features["train"][rows]), labels["train"][rows]
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            best.offer(lambda part: network(features[part]))
    return best.score()


def stacked(features: Features, labels: Features, epochs: int) -> float:
    """A network for each attribute, stepped together by `torch.func`."""
    attributes = labels["train"].shape[1]
    networks = [_mlp(features["train"].shape[1], 1, DROPOUT) for _ in range(attributes)]
    weights, buffers = stack_module_state(networks)
    frame = copy.deepcopy(networks[0]).to("meta")
    optimiser = torch.optim.AdamW(weights.values(), RATE, weight_decay=DECAY)

    def loss(weights: Features, buffers: Features, x: Tensor, truth: Tensor) -> Tensor:
        logits = functional_call(frame, (weights, buffers), (x,))
        return functional.binary_cross_entropy_with_logits(logits[:, 0], truth)

    steps = torch.vmap(grad(loss), in_dims=(0, 0, None, 1), randomness="different")
    best = Best(labels)
    generator = Generator().manual_seed(0)
    for _ in range(epochs):
        frame.train()
        for rows in fitting.batches(len(features["train"]), BATCH, generator):
            detached = {name: value.detach() for name, value in weights.items()}
            found = steps(detached, buffers, features["train"][rows], labels["train"][rows])
            for name, value in weights.items():
                value.grad = found[name]
            optimiser.step()
        frame.eval()

        def predict(part: str) -> Tensor:
            with torch.no_grad():
                one = torch.vmap(lambda w, b: functional_call(frame, (w, b), (features[part],)))
                return one(weights, buffers)[..., 0].T

        best.offer(predict)
    return best.score()


class Best:
    """Test scores of each attribute at the epoch with the best validation AUC."""

    def __init__(self, labels: Features) -> None:
        self.labels = {part: values.numpy().astype(np.int8) for part, values in labels.items()}
        self.candidates = fitting.Candidates.empty(
            labels["test"].shape[1], len(labels["validation"]), len(labels["test"])
        )

    def offer(self, predict: Callable[[str], Tensor]) -> None:
        logits = predict("validation")
        quality = fitting.qualities(self.labels["validation"], logits)
        self.candidates.offer(quality, logits, lambda: predict("test"))

    def score(self) -> float:
        truth, said = self.labels["test"], self.candidates.test
        values = [auc(truth[:, c], said[:, c]) for c in range(truth.shape[1])]
        return float(np.nanmean(values))


if __name__ == "__main__":
    main()
