"""Training a multi-attribute network until validation stops improving."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.metrics.attributes import auc
from core.seeding import seeded

AVERAGING = 0.98  # of the running average of weights, the share that a step keeps
FEWEST_STEPS = 12  # between two looks at the validation data


@dataclass(frozen=True)
class Schedule:
    """How long and how a network is trained.

    The learning rate falls by `decay` after `patience` epochs that did not raise the mean
    validation AUC by `enough`, but not in the first `least_steps` steps; training ends at the
    `drops`-th fall, or after `most_epochs`.
    """

    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    batch_size: int = 64
    patience: int = 2
    enough: float = 2e-3
    drops: int = 2
    decay: float = 0.2
    most_epochs: int = 60
    least_steps: int = 0


@dataclass
class Candidates:
    """Best validation and test scores so far, per attribute: the choice is made on validation."""

    quality: NDArray[np.float64]
    validation: NDArray[np.float32]
    test: NDArray[np.float32]

    @classmethod
    def empty(cls, attributes: int, validation: int, test: int) -> Candidates:
        return cls(
            np.full(attributes, -np.inf),
            np.zeros((validation, attributes), np.float32),
            np.zeros((test, attributes), np.float32),
        )

    def offer(
        self, quality: NDArray[np.float64], validation: Tensor, test: Callable[[], Tensor]
    ) -> bool:
        """Take over the attributes that are better than before; tells whether there were any."""
        better = quality > self.quality + 1e-6
        if better.any():
            self.quality[better] = quality[better]
            self.validation[:, better] = validation.cpu().numpy()[:, better]
            self.test[:, better] = test().cpu().numpy()[:, better]
        return bool(better.any())


def qualities(labels: NDArray[np.int8], logits: Tensor) -> NDArray[np.float64]:
    """Validation AUC per attribute; minus the cross-entropy where there is a single class."""
    values = logits.double().cpu().numpy()
    result = np.empty(labels.shape[1])
    for column in range(labels.shape[1]):
        result[column] = auc(labels[:, column], values[:, column])
        if np.isnan(result[column]):
            truth = torch.as_tensor(labels[:, column]).double()
            loss = functional.binary_cross_entropy_with_logits(
                logits[:, column].double().cpu(), truth
            )
            result[column] = -float(loss)
    return result


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 convolutions where the hardware has them, else full precision."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    enabled = torch.cpu._is_avx512_bf16_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)


def predict(network: nn.Module, features: Tensor, batch: int = 512) -> Tensor:
    """Outputs of `network` in eval mode for features (n, …), float32."""
    network.eval()
    with torch.no_grad(), half_precision(features.device):
        return torch.cat(
            [network(features[i : i + batch]).float() for i in range(0, len(features), batch)]
        )


def batches(count: int, size: int, generator: Generator) -> Iterator[Tensor]:
    """Rows of each batch of one epoch: every row once, in random order; on small sets as many
    passes as make `FEWEST_STEPS`, since a network is not done after a handful of steps.

    Batch norm needs two rows, so a last batch of one is left out.
    """
    steps = 0
    while steps < FEWEST_STEPS:
        order = torch.randperm(count, generator=generator)
        for start in range(0, max(1, count - 1), size):
            yield order[start : start + size]
            steps += 1


class Average:
    """A running average of a network's weights and statistics, which scores better than any one
    step of it (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992)."""

    def __init__(self, network: nn.Module, keep: float) -> None:
        self.network = copy.deepcopy(network)
        self.keep, self.steps = keep, 0
        mine, its = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        self._mine, self._its = [mine[n] for n in floats], [its[n] for n in floats]

    def update(self) -> None:
        """Take in the network's present weights; early ones are soon forgotten."""
        self.steps += 1
        with torch.no_grad():
            keep = min(self.keep, self.steps / (self.steps + 9))
            torch._foreach_lerp_(self._mine, self._its, 1 - keep)


class Patience:
    """When to learn more slowly, and when to stop: after `patience` validation values none of which
    was higher by `enough` than the last that was (`from_best`: than the best so far), the learning
    rate is multiplied by `decay`; the `drops`-th time, training is over."""

    def __init__(
        self,
        optimiser: torch.optim.Optimizer,
        patience: int,
        drops: int,
        decay: float,
        enough: float,
        from_best: bool = False,
    ) -> None:
        self.optimiser, self.patience, self.drops = optimiser, patience, drops
        self.decay, self.enough, self.from_best = decay, enough, from_best
        self.reference, self.waited, self.dropped = -np.inf, 0, 0

    def over(self, value: float, may_drop: bool = True) -> bool:
        """Take in a validation value; whether training is over. Unless `may_drop`, it goes on as it
        is, however long nothing has improved."""
        improved = value > self.reference + self.enough
        self.waited = 0 if improved else self.waited + 1
        if improved or (self.from_best and value > self.reference):
            self.reference = value
        if self.waited >= self.patience and may_drop:
            self.dropped, self.waited = self.dropped + 1, 0
            if self.dropped < self.drops:
                for group in self.optimiser.param_groups:
                    group["lr"] *= self.decay
        return self.dropped >= self.drops


def fit(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    rounds: Iterable[Iterable[Tensor]],
    loss: Callable[[Tensor], Tensor],
    look: Callable[[nn.Module], float],
    patience: Patience,
    least_steps: int = 0,
    afterwards: Callable[[], None] | None = None,
) -> tuple[nn.Module, float]:
    """(the running average of the weights of `network` at its best look, what the look gave).

    rounds       the rows of each batch up to the next look
    loss         of a batch of these rows, by the network as it is
    look         at the average after a round: a validation value, the higher the better
    least_steps  before the learning rate may fall
    afterwards   what is done after each step, or None
    """
    average = Average(network, AVERAGING)
    best, best_state = -np.inf, average.network.state_dict()
    for rows_of_batches in rounds:
        network.train()
        for rows in rows_of_batches:
            value = loss(rows)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            average.update()
            if afterwards is not None:
                afterwards()
        reached = look(average.network)
        if reached > best:
            best, best_state = reached, copy.deepcopy(average.network.state_dict())
        if patience.over(reached, average.steps >= least_steps):
            break
    average.network.load_state_dict(best_state)
    return average.network, best


def train(
    build: Callable[[], nn.Module],
    data: dict[str, Tensor],
    labels: dict[str, NDArray[np.int8]],
    candidates: Candidates,
    schedule: Schedule,
    generator: Generator,
    augment: Callable[[Tensor, Generator], Tensor] | None = None,
) -> nn.Module:
    """Train a network (features -> logits (n, A)) on data["train"]; offer every epoch's scores.

    The scores are those of the running average of the weights; the mean validation AUC decides
    when to stop, and which epoch's average is returned.
    """
    with seeded(generator, data["train"].device):
        return _train(build(), data, labels, candidates, schedule, generator, augment)


def _train(
    network: nn.Module,
    data: dict[str, Tensor],
    labels: dict[str, NDArray[np.int8]],
    candidates: Candidates,
    schedule: Schedule,
    generator: Generator,
    augment: Callable[[Tensor, Generator], Tensor] | None,
) -> nn.Module:
    features = data["train"]
    device = features.device
    network = network.to(device)
    if features.ndim == 4:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    truth = torch.as_tensor(labels["train"], device=device).float()
    share = truth.mean(0).clamp(0.02, 0.98)
    # Square root: half-way between the plain loss and one in which both classes weigh the same.
    weight = ((1 - share) / share).sqrt()
    optimiser = torch.optim.AdamW(
        network.parameters(), schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    patience = Patience(
        optimiser, schedule.patience, schedule.drops, schedule.decay, schedule.enough
    )

    def loss(rows: Tensor) -> Tensor:
        rows = rows.to(device)
        batch = features[rows] if augment is None else augment(features[rows], generator)
        with half_precision(device):
            logits = network(batch)
        return functional.binary_cross_entropy_with_logits(
            logits.float(), truth[rows], pos_weight=weight
        )

    def look(average: nn.Module) -> float:
        logits = predict(average, data["validation"])
        quality = qualities(labels["validation"], logits)
        candidates.offer(quality, logits, lambda: predict(average, data["test"]))
        return float(quality.mean())

    size = min(schedule.batch_size, len(features))
    rounds = (batches(len(features), size, generator) for _ in range(schedule.most_epochs))
    fitted = fit(network, optimiser, rounds, loss, look, patience, schedule.least_steps)
    return fitted[0]
