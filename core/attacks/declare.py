"""What an attack says of itself: plain data, read without loading torch.

The command line, the evaluation and the app follow from it. The file of an attack declares it, and
imports what it computes with when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from core.attacks.interface import AttackerView, Result

    Network = Callable[[Tensor], Tensor]

AFTERWARDS = "trained afterwards on other people's photographs"


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """Anybody whom a finding may name as its attacker.

    name    in findings, folders and on the command line; never changes
    title   what the app calls them, without an article: "small neural network"
    serves  whether they are a head of the service: what they find out is how useful a release is
    """

    name: str
    title: str
    serves: bool = False


@dataclass(frozen=True, kw_only=True)
class OwnNetwork(Attacker):
    """A network that a method brings along: the function of `core.methods.Model` of this name.

    protocols  those under which it is scored
    run        (view, network, protocol) -> Result
    """

    protocols: tuple[str, ...]
    run: Callable[[AttackerView, Network, str], Result]


@dataclass(frozen=True, kw_only=True)
class Attack(Attacker):
    """The declaration of one attack.

    target            what is attacked, as the target of its findings begins: "attribute",
                      "identity", "image", "features", "verification"
    run               (view, generator) -> Result
    says              how the attacker works, as a sentence about them goes on
    default           whether it stands for all attacks on its target where no strongest one was
                      chosen, and is the one that is shown; one for each target at most
    keeps_weights     whether its network is kept, for pictures that are yet to come
    white_box         whether it differentiates the released network, which anybody has who has the
                      app on the device; the others see only what is released
    accepts_second_source  whether it can be given a second source of photographs
                      (`AttackerView.extra`)
    made_of           names of the attacks that it consists of: it stands and falls with their
                      controls
    only_for          the one task that it measures, else "": its control, minutes long, is left to
                      runs that have the task
    """

    target: str
    run: Callable[[AttackerView, Generator], Result]
    says: str = AFTERWARDS
    default: bool = False
    keeps_weights: bool = False
    white_box: bool = False
    accepts_second_source: bool = False
    made_of: tuple[str, ...] = ()
    only_for: str = ""


def attack(**about: Any) -> Callable[[Callable[[AttackerView, Generator], Result]], Attack]:
    """Declares a function as the attack of its name; `about` as `Attack` says."""
    return lambda run: Attack(name=run.__name__, run=run, **about)
