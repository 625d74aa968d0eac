"""Hardening: is it the idea of an adversarial method that fails, or the schedule it was trained by?

Ours. The papers let one adversary take one step for every step of the encoder, and a fresh attacker
then reads what that one missed. Every adversarial method has the same five entries in its schedule
that make its adversaries harder to please: off in the paper's training, on in the variant that
`hardened(method)` declares.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

from core.errors import PenumbraError
from core.methods.declare import Batch, Method, Phase, Stage, stage_of
from core.run import Run
from core.torch_types import Module, Tensor

# adversary_steps  batches the adversaries learn from, for each one that the paper gives them
# adversaries      how many of one kind there are, of different architectures
# adversary_width  times the width that the paper gives their networks
# renew_epochs     passes over the photographs after which one of them, in turns, starts again from
#                  fresh weights; 0: never
# bounded          1: fooling an adversary counts up to where it might as well guess
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
        own_pictures="",
        hardens=method.name,
    )


@dataclass(frozen=True)
class Adversaries:
    """Adversaries of one kind, which all read the same release.

    networks  by their name among `Model.networks`; the first is the paper's own
    fresh     as of a `Stage`
    columns   of the attributes that they tell; none of those that reconstruct
    """

    networks: dict[str, Module]
    fresh: Callable[[int], dict[str, Module]]
    columns: Sequence[int] = ()

    def cross_entropy(self, batch: Batch, z: Tensor, bounded: float = 0) -> Tensor:
        """Mean cross-entropy of what the adversaries make of the attributes from z. Where `bounded`,
        each one's counts up to that of guessing by the labels' frequencies in the batch: what the
        encoder is paid for ends there."""
        import torch

        from core import losses

        labels = batch.attributes[:, self.columns]
        found = [losses.cross_entropy(network(z), labels) for network in self.networks.values()]
        if bounded:
            guessing = losses.guessing(labels)
            found = [loss.minimum(guessing) for loss in found]
        return torch.stack(found).mean()


NO_ADVERSARIES = Adversaries({}, lambda renewal: {})


def adversaries(
    run: Run,
    schedule: dict[str, float],
    name: str,
    builders: Sequence[Callable[[], Module]],
    label: str = "",
) -> Adversaries:
    """As many as the schedule's `adversaries`: one of each of `builders`, then again from the
    first. They are named `name`, `name_2`, …; initial weights come from the run's seed and `label`
    (default: the name)."""
    from core.nets.vgg import seeded

    count = whole(schedule, "adversaries")
    names = [name if number == 0 else f"{name}_{number + 1}" for number in range(count)]

    def built(number: int, generation: str = "") -> Module:
        seed_name = (label or name) + names[number].removeprefix(name) + generation
        return seeded(run.seed, seed_name, builders[number % len(builders)])

    def fresh(renewal: int) -> dict[str, Module]:
        number = (renewal - 1) % count
        return {names[number]: built(number, f" renewed {renewal}")}

    return Adversaries({names[number]: built(number) for number in range(count)}, fresh)


def classifiers(
    run: Run,
    schedule: dict[str, float],
    name: str,
    own: Callable[[float], Module],
    shape: tuple[int, int, int],
    columns: Sequence[int],
    label: str = "",
) -> Adversaries:
    """Adversaries that tell the attributes at `columns` from maps of `shape` (C, h, w), flattened or
    not: the method's own, by `own(width factor)`, a residual network and a dense one."""
    from core.nets.adversaries import Dense, Residual

    width, outputs = schedule["adversary_width"], len(columns)
    builders = (
        partial(own, width),
        partial(Residual, shape, outputs, width),
        partial(Dense, shape, outputs, width),
    )
    return replace(adversaries(run, schedule, name, builders, label), columns=columns)


def decoders(
    run: Run,
    schedule: dict[str, float],
    name: str,
    own: Callable[[float], Module],
    shape: tuple[int, ...],
    height: int,
    width: int,
) -> Adversaries:
    """Adversaries that reconstruct pictures from releases of `shape`: the method's own, by
    `own(width factor)`, and an up-sampling network."""
    from core.nets.decoders import upsampling_decoder

    up = partial(upsampling_decoder, shape, height, width)
    return adversaries(run, schedule, name, (partial(own, schedule["adversary_width"]), up))


def widened(widths: Any, factor: float) -> Any:
    """A width, or each of several, times `factor`, at least 1."""
    if isinstance(widths, (tuple, list)):
        return tuple(widened(width, factor) for width in widths)
    return max(1, round(widths * factor))


def turns(
    schedule: dict[str, float], cycle: Sequence[Phase], attacks: Sequence[str]
) -> tuple[Phase, ...]:
    """`cycle`, with the phases named in `attacks` repeated `adversary_steps` times, one such run of
    phases after the other."""
    steps = whole(schedule, "adversary_steps")
    found: list[Phase] = []
    for attacking, phases in groupby(cycle, lambda phase: phase.name in attacks):
        found += [*phases] * (steps if attacking else 1)
    return tuple(found)


def adversarial_stage(
    schedule: dict[str, float],
    cycle: Sequence[Phase],
    attacks: Sequence[str],
    fresh: Callable[[int], dict[str, Module]] | None,
    **more: Any,
) -> Stage:
    """The stage in which encoder and adversaries, whose phases are named in `attacks`, take turns.
    It is longer by what the adversaries take, so that the encoder has as many steps as in `cycle`
    alone."""
    phases = turns(schedule, cycle, attacks)
    more |= {"epochs": schedule["adversarial_epochs"] * len(phases) / len(cycle)}
    more |= {"renew_epochs": schedule["renew_epochs"], "fresh": fresh}
    return stage_of(schedule, "adversarial", phases, **more)


def described(schedule: dict[str, float]) -> dict[str, Any]:
    """What a shared pretraining of adversaries depends on, besides what it does where all is off:
    nothing, then."""
    mine = {name: schedule[name] for name in ("adversaries", "adversary_width")}
    return {} if mine.items() <= OFF.items() else {"hardening": mine}


def whole(schedule: dict[str, float], name: str) -> int:
    """A schedule entry that counts something. Raises PenumbraError unless it is a whole number from
    1 to 20."""
    value = schedule[name]
    if value not in range(1, 21):
        raise PenumbraError(f"{name} is {value:g}; it must be a whole number from 1 to 20")
    return int(value)
