"""What an attack says of itself: plain data, read without loading torch. The file of an attack
imports what it computes with when it runs."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.attacks.interface import AttackerView, Result, check_finite
from core.torch_types import Generator, Tensor

Network = Callable[[Tensor], Tensor]

AFTERWARDS = "trained afterwards on other people's photographs"
ALONG = "trained along with the method"


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """Whatever a finding may name as its attacker.

    name    in findings, folders and on the command line; never changes
    title   without an article: "small neural network"
    serves  whether it is a head of the service: what it finds out is how useful a release is
    """

    name: str
    title: str
    serves: bool = False


@dataclass(frozen=True, kw_only=True)
class OwnNetwork(Attacker):
    """A network that a method brings along: the function of `core.methods.Model` of this name.

    protocols       those under which it is scored
    run             (view, network, protocol) -> Result
    keeps_pictures  whether it redraws, and keeps what it redrew for people
    """

    protocols: tuple[str, ...]
    run: Callable[[AttackerView, Network, str], Result]
    keeps_pictures: bool = False


@dataclass(frozen=True, kw_only=True)
class Attack(Attacker):
    """The declaration of one attack.

    target            what is attacked, as the target of its findings begins: "attribute",
                      "identity", "image", "features", "verification"
    run               (view, generator) -> Result
    says              how the attacker works, as a sentence about it goes on
    default           whether it stands for all attacks on its target where no strongest one was
                      chosen; one for each target at most
    keeps_weights     whether its network is kept, for pictures that are yet to come
    white_box         whether it differentiates the released network
    accepts_second_source  whether it makes use of `AttackerView.extra`
    made_of           names of the attacks that it consists of, whose controls are its own
    on_request        whether it is left out where all attacks are asked for: it repeats a paper's,
                      and others here are stronger; or it takes as long as a decoder does
    only_for          the one task that it measures, else ""; its control is left to runs that have it
    """

    target: str
    run: Callable[[AttackerView, Generator], Result]
    says: str = AFTERWARDS
    default: bool = False
    keeps_weights: bool = False
    white_box: bool = False
    accepts_second_source: bool = False
    made_of: tuple[str, ...] = ()
    on_request: bool = False
    only_for: str = ""


def attack(**about: Any) -> Callable[[Callable[[AttackerView, Generator], Result]], Attack]:
    """Declares a function as the attack of its name; `about` as `Attack` says. It gets no view whose
    releases are not finite: the attack raises PenumbraError then."""

    def declared(run: Callable[[AttackerView, Generator], Result]) -> Attack:
        @functools.wraps(run)
        def checked(view: AttackerView, generator: Generator) -> Result:
            check_finite(view)
            return run(view, generator)

        return Attack(name=run.__name__, run=checked, **about)

    return declared


def own_network(
    **about: Any,
) -> Callable[[Callable[[AttackerView, Network, str], Result]], OwnNetwork]:
    """Declares a function as what scores the method's network of its name."""
    return lambda run: OwnNetwork(name=run.__name__, run=run, **about)
