"""Verification as a task: how well a service can tell whether two releases show one person.

A Siamese head is trained from scratch on frozen releases of the defender's photographs; the people
it is scored on are in nobody's training.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.interface import Exposed, Result, check_finite, finding
from core.attacks.probes import Probe, flip_some
from core.data.on_device import pair_positions
from core.methods.declare import VERIFICATION
from core.metrics import attributes, verification
from core.metrics.verification import Pairs

EMBEDDING = 64
PEOPLE = 64  # in a batch, with two photographs each
TEMPERATURE = 0.1
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-2
LOOK_EVERY = 25  # steps between two looks at the validation pairs
ENOUGH = 2e-3  # AUC that a look must gain to count as better
PATIENCE, DROPS, DECAY = 3, 2, 0.2
MOST_STEPS = 1000

Data = dict[str, Tensor]  # "train", "validation", "test" -> what a head reads, (n, …)
Embeddings = dict[str, NDArray[np.float32]]  # "validation", "test" -> (n, d)


def siamese(exposed: Exposed, generator: Generator) -> Result:
    """A fresh Siamese head, the better on validation of a dense one on the flattened release and,
    for maps, a convolutional one; see `scored` for rows and arrays.

    Empty result where verification is no task, or a split holds no two people with two photographs.
    """
    if VERIFICATION not in exposed.tasks:
        return Result()
    check_finite(exposed)
    pairs = drawn(exposed)
    people = exposed.identities["defender"]
    if min(len(p.same) for p in pairs.values()) == 0 or _with_two(people) < 2:
        return Result()
    candidates = [_dense(exposed, pairs, generator)]
    if exposed.z["test"].ndim == 4 and min(exposed.z["test"].shape[-2:]) >= 4:
        candidates.append(_convolutional(exposed, pairs, generator))
    _, embeddings = max(candidates, key=lambda candidate: candidate[0])
    return scored(exposed, embeddings, "siamese", pairs)


def drawn(exposed: Exposed) -> dict[str, Pairs]:
    """Pairs of the people of "validation" and "test": the same for every release."""
    return {
        split: verification.draw_pairs(exposed.identities[split], exposed.x[split].cpu().numpy())
        for split in ("validation", "test")
    }


def scored(
    exposed: Exposed,
    embeddings: Embeddings,
    attacker: str,
    pairs: dict[str, Pairs],
    threshold: float | None = None,
) -> Result:
    """Rows of target `verification` (accuracy, balanced accuracy, AUC) from Euclidean distances of
    embeddings; without a `threshold` the one that is best on the validation pairs.

    Arrays: `targets` and `validation` (so that it competes for `best_head`);
    `first`, `second` int32 (P,), positions of each pair among the test photographs, `same` uint8
    (P,), `distances` float16 (P,) and `threshold`, both over the mean test distance.
    """
    apart = {split: verification.distances(embeddings[split], pairs[split]) for split in pairs}
    if threshold is None:
        threshold = verification.choose_threshold(pairs["validation"], apart["validation"])
    people, test = exposed.identities["test"], pairs["test"]
    found = verification.score(test, apart["test"], threshold, people)
    findings = [
        finding(
            target=VERIFICATION,
            role="utility",
            attacker=attacker,
            metric=metric,
            value=value,
            interval=interval,
            chance=0.5,
            n=len(test.same),
            identities=len(np.unique(people[test.first])),
        )
        for metric, (value, interval) in found.items()
    ]
    on_validation = attributes.balanced_accuracy(
        pairs["validation"].same, apart["validation"] < threshold
    )
    scale = max(float(apart["test"].mean()), 1e-30)
    arrays: dict[str, NDArray[Any]] = {
        "targets": np.array([VERIFICATION]),
        "validation": np.array([on_validation], np.float32),
        "first": test.first.astype(np.int32),
        "second": test.second.astype(np.int32),
        "same": test.same.astype(np.uint8),
        "distances": (apart["test"] / scale).astype(np.float16),
        "threshold": np.array(threshold / scale, np.float32),
    }
    return Result(findings, arrays)


def pair_loss(embeddings: Tensor, identities: Tensor) -> Tensor:
    """Each photograph must find its second one among those of all people of the batch.

    embeddings (B, d), identities (B,); rows 2i and 2i + 1 show one person. Softmax over cosines
    (Sohn, "Improved deep metric learning with multi-class N-pair loss", NIPS 2016), in both
    directions. On few people it goes further than the two-photograph loss of AIA's Eq. 7.
    """
    unit = functional.normalize(embeddings)
    cosines = unit[0::2] @ unit[1::2].T / TEMPERATURE
    right = torch.arange(len(cosines), device=cosines.device)
    again = identities[0::2, None] == identities[None, 1::2]  # a person twice in one batch
    again[right, right] = False
    cosines = cosines.masked_fill(again, -1e4)
    both = functional.cross_entropy(cosines, right) + functional.cross_entropy(cosines.T, right)
    return both / 2


def _with_two(people: NDArray[np.int64]) -> int:
    """How many people have two photographs or more."""
    return int((np.unique(people, return_counts=True)[1] > 1).sum())


class DenseHead(nn.Sequential):
    """Features (B, r) -> embeddings (B, EMBEDDING): one hidden layer beside nothing else."""

    def __init__(self, inputs: int) -> None:
        super().__init__(
            nn.Dropout(0.05),
            nn.Linear(inputs, 256),
            nn.BatchNorm1d(256),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(256, EMBEDDING),
        )


def _dense(
    exposed: Exposed, pairs: dict[str, Pairs], generator: Generator
) -> tuple[float, Embeddings]:
    data = flat.flat_features(exposed, "defender")
    return _train(lambda: DenseHead(data["train"].shape[1]), data, exposed, pairs, generator)


def _convolutional(
    exposed: Exposed, pairs: dict[str, Pairs], generator: Generator
) -> tuple[float, Embeddings]:
    data = flat.scaled_maps(exposed, "defender")
    shape = tuple(data["train"].shape[1:])
    build = partial(Probe, shape, EMBEDDING, 0.3)  # type: ignore[arg-type]
    return _train(build, data, exposed, pairs, generator, flip_some)


def _train(
    build: Callable[[], nn.Module],
    data: Data,
    exposed: Exposed,
    pairs: dict[str, Pairs],
    generator: Generator,
    augment: Callable[[Tensor, Generator], Tensor] | None = None,
) -> tuple[float, Embeddings]:
    """(validation AUC, embeddings) of the running average of a head's weights at its best look;
    training ends when the AUC on validation pairs stops rising."""
    device, people = data["train"].device, exposed.identities["defender"]
    identities = torch.as_tensor(people, device=device)
    order = int(torch.randint(2**31, (), generator=generator))
    with fitting.seeded(generator, device):
        network = build().to(device)
        if data["train"].ndim == 4:
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = fitting.Average(network, 0.98)
        optimiser = torch.optim.AdamW(
            network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        best, reference, waited, drops = -np.inf, -np.inf, 0, 0
        best_state = copy.deepcopy(network.state_dict())
        for step in range(MOST_STEPS):
            network.train()
            rows = pair_positions(people, 2 * PEOPLE, step, order, "siamese").to(device)
            batch = data["train"][rows]
            if augment is not None:
                batch = augment(batch, generator)
            with fitting.half_precision(device):
                embeddings = network(batch)
            loss = pair_loss(embeddings.float(), identities[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update()
            if (step + 1) % LOOK_EVERY:
                continue
            found = _embeddings(average.network, data["validation"])
            apart = verification.distances(found, pairs["validation"])
            value = attributes.auc(pairs["validation"].same, -apart)
            if value > best:
                best, best_state = value, copy.deepcopy(average.network.state_dict())
            if value > reference + ENOUGH:
                reference, waited = value, 0
            else:
                waited += 1
            if waited >= PATIENCE:
                drops, waited = drops + 1, 0
                if drops == DROPS:
                    break
                for group in optimiser.param_groups:
                    group["lr"] *= DECAY
        average.network.load_state_dict(best_state)
        splits = ("validation", "test")
        return best, {split: _embeddings(average.network, data[split]) for split in splits}


def _embeddings(network: nn.Module, data: Tensor) -> NDArray[np.float32]:
    """Embeddings of length 1, (n, EMBEDDING): the cosine decides."""
    return functional.normalize(fitting.predict(network, data)).cpu().numpy()
