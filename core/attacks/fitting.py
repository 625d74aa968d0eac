"""Training the networks of attackers until validation stops improving."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn

from core.attacks import features as flat
from core.attacks.interface import AttackerView
from core.data.held import Rows
from core.nets.probes import ConvolutionalProbe, dense

AVERAGING = 0.98  # of the running average of weights, the share that a step keeps
FEWEST_STEPS = 12  # between two looks at the validation data

Augment = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    The learning rate is multiplied by `decay` after `patience` looks none of which was better by
    `enough` than the last that was (`from_best`: than the best so far), but not in the first
    `least_steps` steps; at the `drops`-th time training is over.
    """

    learning_rate: float
    enough: float
    weight_decay: float = 1e-2
    patience: int = 2
    drops: int = 2
    decay: float = 0.2
    least_steps: int = 0
    from_best: bool = False
    fused: bool = False  # AdamW in one kernel: faster, and rounds differently


class Patience:
    """A recipe's rule for learning more slowly, and for stopping."""

    def __init__(self, optimiser: torch.optim.Optimizer, recipe: Recipe) -> None:
        self.optimiser, self.recipe = optimiser, recipe
        self.reference, self.waited, self.dropped = -np.inf, 0, 0

    def over(self, value: float, steps: int) -> bool:
        """Take in what a look gave after so many `steps`; whether training is over."""
        recipe = self.recipe
        improved = value > self.reference + recipe.enough
        self.waited = 0 if improved else self.waited + 1
        if improved or (recipe.from_best and value > self.reference):
            self.reference = value
        if self.waited >= recipe.patience and steps >= recipe.least_steps:
            self.dropped, self.waited = self.dropped + 1, 0
            if self.dropped < recipe.drops:
                for group in self.optimiser.param_groups:
                    group["lr"] *= recipe.decay
        return self.dropped >= recipe.drops


class Average:
    """A running average of a network's weights and statistics, which scores better than any one
    step of it (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992).

    Not torch's `AveragedModel`: that starts from the first step's weights, averages counters of
    batches, too, and asks a GPU for the number of steps at each of them.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network, self.steps = copy.deepcopy(network), 0
        mine, its = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        self._mine, self._its = [mine[n] for n in floats], [its[n] for n in floats]

    def update(self) -> None:
        """Take in the network's present weights; early ones are soon forgotten."""
        self.steps += 1
        keep = min(AVERAGING, self.steps / (self.steps + 9))
        with torch.no_grad():
            torch._foreach_lerp_(self._mine, self._its, 1 - keep)


def fit(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    rounds: Iterable[Iterable[Tensor]],
    loss: Callable[[Tensor], Tensor],
    look: Callable[[nn.Module], float],
    patience: Patience,
    afterwards: Callable[[], object] | None = None,
) -> tuple[nn.Module, float]:
    """(the running average of the weights of `network` at its best look, what the look gave).

    rounds      the rows of each batch up to the next look
    loss        of a batch of these rows, by the network as it is
    look        at the average after a round: a validation value, the higher the better
    afterwards  called after each step, or None
    """
    average = Average(network)
    best, best_state = -np.inf, average.network.state_dict()
    for rows_of_batches in rounds:
        network.train()
        for rows in rows_of_batches:
            step(optimiser, loss(rows))
            average.update()
            if afterwards is not None:
                afterwards()
        reached = look(average.network)
        if reached > best:
            best, best_state = reached, copy.deepcopy(average.network.state_dict())
        if patience.over(reached, average.steps):
            break
    average.network.load_state_dict(best_state)
    return average.network, best


def fit_on(
    features: Rows,
    network: nn.Module,
    rounds: Iterable[Iterable[Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    look: Callable[[nn.Module], float],
    recipe: Recipe,
    augment: Augment | None = None,
    afterwards: Callable[[], object] | None = None,
) -> tuple[nn.Module, float]:
    """`fit` of a network that reads rows of `features` (n, …), `augment`ed where that is given, in
    half precision; `loss` is of (outputs float32 (B, …), rows (B,) on the device)."""
    device = features.device
    network = network.to(device)
    if features.ndim == 4:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        network.parameters(),
        recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=recipe.fused or None,
    )

    def loss_of(rows: Tensor) -> Tensor:
        rows = rows.to(device)
        batch = features[rows] if augment is None else augment(features[rows])
        with half_precision(device):
            outputs = network(batch)
        return loss(outputs.float(), rows)

    patience = Patience(optimiser, recipe)
    return fit(network, optimiser, rounds, loss_of, look, patience, afterwards)


def step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


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


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 convolutions where the hardware has them, else full precision."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    enabled = torch.cpu._is_avx512_bf16_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)


def predict(network: nn.Module, features: Rows, batch: int = 512) -> Tensor:
    """Outputs of `network` in eval mode for features (n, …), float32."""
    network.eval()
    with torch.no_grad(), half_precision(features.device):
        return torch.cat([network(part).float() for part in features.split(batch)])


class Reader(NamedTuple):
    """A network that reads releases: how it is built, what it reads of "train", "validation" and
    "test", (n, …), and what batches are changed by."""

    build: Callable[[], nn.Module]
    data: Mapping[str, Rows]
    augment: Augment | None = None


def readers(
    view: AttackerView,
    split: str,
    outputs: int,
    hidden: Sequence[int],
    dropout: tuple[float, float],
    generator: Generator,
) -> Iterator[Reader]:
    """A dense network of `hidden` layers on the flattened release and, for maps, a convolutional
    one, to be trained on `split`; `dropout` of either."""
    data: Mapping[str, Rows] = flat.flat_features(view, split)
    width = data["train"].shape[1]
    yield Reader(partial(dense, width, hidden, outputs, dropout[0], 0.05), data)
    if flat.is_spatial(view):
        data = flat.scaled_maps(view, split)
        channels, height, width = data["train"].shape[1:]
        build = partial(ConvolutionalProbe, (channels, height, width), outputs, dropout[1])
        yield Reader(build, data, partial(flat.flip_some, generator=generator))
