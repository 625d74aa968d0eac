"""Hardening: is it the idea of an adversarial method that fails, or the schedule it was trained by?

The papers let one attacker take one step for every step of the encoder, and a fresh attacker then
reads what that one missed. Every adversarial method has the same five entries in its schedule that
make its sparring partners harder to please. Left alone they are off, and the training is the
paper's; `hardened(method)` declares a variant, "…, hardened", in which they are on. All of it is
ours.

How far it helps depends on the release. On real faces DPFE's ten numbers were kept nearly free
of the gender; the maps of the other methods, thousands of numbers, showed it to a fresh attacker all the
same, while the attackers of the training no longer claimed otherwise. Measure it by

    python -m core sweep --method dpfe_hardened --dataset NAME --schedule extract_iterations=600
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import PenumbraError
from core.methods.declare import Method, Phase

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.run import Run

# adversary_steps  batches the attackers learn from, for each one that the paper gives them
# adversaries      attackers of one kind at once, of different architectures
# adversary_width  times the width that the paper gives the attackers' networks
# renew_epochs     passes over the photographs after which one of the attackers, in turns, starts
#                  again from fresh weights; 0: never
# bounded          1: fooling an attacker counts up to where he might as well guess
OFF: dict[str, float] = {
    "adversary_steps": 1,
    "adversaries": 1,
    "adversary_width": 1,
    "renew_epochs": 0,
    "bounded": 0,
}
ON: dict[str, float] = {
    "adversary_steps": 3,
    "adversaries": 3,
    "adversary_width": 2,
    "renew_epochs": 5,
    "bounded": 1,
}


def hardened(method: Method, color: str, **entries: float) -> Method:
    """The variant of a method whose schedule has the entries of `ON`, and these `entries`; all else
    is its own."""
    presets = {
        name: preset | {"schedule": preset["schedule"] | ON | entries}
        for name, preset in method.presets.items()
    }
    return replace(
        method,
        name=f"{method.name}_hardened",
        title=f"{method.title}, hardened",
        summary=(
            f"{method.title}, with more, larger and repeatedly fresh simulated attackers than its "
            "paper has."
        ),
        presets=presets,
        color=color,
        hardens=method.name,
    )


@dataclass(frozen=True)
class Committee:
    """Attackers of one kind, who all read the same release.

    networks  by the name they have among `Model.networks`; the first is the paper's own attacker
    fresh     (n) -> what starts again at the n-th renewal, from 1: {name: network with new weights}
    """

    networks: dict[str, nn.Module]
    fresh: Callable[[int], dict[str, nn.Module]]

    def mean(self, loss: Callable[[nn.Module], Tensor]) -> Tensor:
        """The loss of each attacker, averaged."""
        import torch

        return torch.stack([loss(network) for network in self.networks.values()]).mean()

    def guesses(self, z: Tensor, labels: Tensor, bounded: float = 0) -> Tensor:
        """Cross-entropy of the attackers' guesses of `labels` (B, M) from z. Where `bounded`, each
        one's counts up to that of guessing by the labels' frequencies in the batch: what the
        encoder is paid for ends there."""
        from core import losses

        if not bounded:
            return self.mean(lambda network: losses.cross_entropy(network(z), labels))
        most = losses.guessing(labels)
        return self.mean(lambda network: losses.cross_entropy(network(z), labels).minimum(most))


def committee(
    run: Run,
    schedule: dict[str, float],
    name: str,
    builders: Sequence[Callable[[], nn.Module]],
    label: str = "",
) -> Committee:
    """As many attackers as the schedule's `adversaries`: one of each of `builders`, then again from the
    first. They are named `name`, `name_2`, …; initial weights come from the run's seed and `label`
    (default: the name)."""
    from core.nets.vgg import seeded

    count = whole(schedule, "adversaries")
    names = [name if number == 0 else f"{name}_{number + 1}" for number in range(count)]

    def built(number: int, generation: str = "") -> nn.Module:
        seed_name = (label or name) + names[number].removeprefix(name) + generation
        return seeded(run.seed, seed_name, builders[number % len(builders)])

    def fresh(renewal: int) -> dict[str, nn.Module]:
        number = (renewal - 1) % count
        return {names[number]: built(number, f" renewed {renewal}")}

    return Committee({names[number]: built(number) for number in range(count)}, fresh)


def classifiers(
    run: Run,
    schedule: dict[str, float],
    name: str,
    own: Callable[[float], nn.Module],
    shape: tuple[int, int, int],
    outputs: int,
    label: str = "",
) -> Committee:
    """Attackers that guess `outputs` attributes from maps of `shape` (C, h, w), flattened or not:
    the method's own, which `own(width factor)` builds, a residual network and a dense one."""
    from core.nets import adversaries

    width = schedule["adversary_width"]
    builders = (
        lambda: own(width),
        lambda: adversaries.Residual(shape, outputs, width),
        lambda: adversaries.Dense(shape, outputs, width),
    )
    return committee(run, schedule, name, builders, label)


def decoders(
    run: Run,
    schedule: dict[str, float],
    name: str,
    own: Callable[[float], nn.Module],
    shape: tuple[int, ...],
    height: int,
    width: int,
) -> Committee:
    """Attackers that redraw pictures from releases of `shape`: the method's own and an up-sampling
    network of another architecture."""
    import math

    from core.nets.decoders import FlatDecoder, MapDecoder

    factor = schedule["adversary_width"]

    def other() -> nn.Module:
        if len(shape) == 3:
            return MapDecoder(shape[0], (shape[1], shape[2]), height, width)
        return FlatDecoder(math.prod(shape), height, width)

    return committee(run, schedule, name, (lambda: own(factor), other))


def widened(widths: Any, factor: float) -> Any:
    """A width, or each of several, times `factor`, at least 1."""
    if isinstance(widths, (tuple, list)):
        return tuple(widened(width, factor) for width in widths)
    return max(1, round(widths * factor))


def turns(
    schedule: dict[str, float], phases: Sequence[Phase], attacks: Sequence[str]
) -> tuple[Phase, ...]:
    """`phases`, with those named in `attacks` repeated `adversary_steps` times, one such run of
    phases after the other."""
    steps = whole(schedule, "adversary_steps")
    found: list[Phase] = []
    block: list[Phase] = []
    for phase in phases:
        if phase.name in attacks:
            block.append(phase)
            continue
        found += block * steps + [phase]
        block = []
    return (*found, *(block * steps))


def described(schedule: dict[str, float]) -> dict[str, Any]:
    """What a shared pretraining of attackers depends on, besides what it does where all is off:
    nothing, then."""
    mine = {name: schedule[name] for name in ("adversaries", "adversary_width")}
    off = all(schedule[name] == OFF[name] for name in mine)
    return {} if off else {"hardening": mine}


def whole(schedule: dict[str, float], name: str) -> int:
    """A schedule entry that counts something. Raises PenumbraError unless it is a whole number from
    1 to 20."""
    value = schedule[name]
    if value not in range(1, 21):
        raise PenumbraError(f"{name} is {value:g}; it must be a whole number from 1 to 20")
    return int(value)
