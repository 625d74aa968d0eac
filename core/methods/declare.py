"""What a method says of itself, plain data that the app reads without loading torch; and what its
`build` function hands to the training loop.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.run import Run
from core.torch_types import Generator, Module, Tensor

Preview = Callable[[NDArray[np.float64], float, np.random.Generator], NDArray[np.float64]]

# Two words that stand beside attribute names, for the methods that understand them.
VERIFICATION = "verification"  # a task: do two photographs show one person?
IDENTITY = "identity"  # what is private: who it is
RESERVED = (VERIFICATION, IDENTITY)
# The method whose features are released as they are: what every other one is compared with.
UNPROTECTED = "original"
RELEASE_KINDS = ("picture", "map", "code", "answer")
# Whose number a paper prints of what is hidden: of the attacker that the method learned to mislead,
# or of one trained afterwards.
ALONG, AFRESH = "along", "afresh"
TRAINED = ("attribute", "image")  # kinds of target that attackers inside a training have
# Parts of the defender's photographs that a phase may draw from; the last two share no identity.
PARTS = ("all", "protector", "adversary")


@dataclass(frozen=True)
class Knob:
    """One setting a person may move.

    name  the key in `Run.knobs`, on the command line and in `knob:<name>` columns
    grid  values of a sweep, from the weakest protection to the strongest
    when  "train": each value is a training of its own; "release": moves on a finished run
    mixed  whether a value between two of the grid is released as a mixture of these two: the device
           draws, once for each photograph, by which of them it answers
    """

    name: str
    symbol: str
    default: float
    grid: tuple[float, ...]
    help: str
    when: str = "train"
    mixed: bool = False


@dataclass(frozen=True)
class Choice:
    """A schedule entry that makes another setting of a method, not a longer or faster training.

    values    what its values 0, 1, … stand for; it can have no others. () for a whole number
    between   the least and the largest of a whole number
    words     for a setting in which it is replaced, such as "cut at place {:g}"; "" for its name
    released  whether another representation leaves the device: settings that differ in it are not
              compared as one
    """

    name: str
    values: tuple[str, ...] = ()
    words: str = ""
    released: bool = False
    between: tuple[int, int] = (0, 0)


class Batch(NamedTuple):
    """What one training step sees, on the training device.

    x           float32 (B, 3, H, W) in [0, 1]
    attributes  float32 (B, A) of 0 and 1, all of the data set's attributes in its order
    identities  int64 (B,)
    generator   on the CPU, seeded by the run's seed, the stage and the step
    """

    x: Tensor
    attributes: Tensor
    identities: Tensor
    generator: Generator


@dataclass(frozen=True)
class Phase:
    """One kind of step: `losses(batch)` gives scalar tensors by name; the loop minimises "total"
    with respect to the networks named in `trains` and leaves every other network as it was.

    part   of the defender's photographs its batches come from, one of `PARTS`
    """

    name: str
    trains: tuple[str, ...]
    losses: Callable[[Batch], dict[str, Tensor]]
    part: str = "all"


@dataclass(frozen=True)
class Stage:
    """A part of the schedule: `phases` take turns, one batch each, for `epochs` passes over the
    defender's photographs or for so many `iterations`. Optimisers start afresh with the stage.

    pairs    whether a batch holds two different photographs of each of its people, in rows 2i and
             2i + 1, for as many people as have two (`core.data.on_device.pair_positions`)
    prepare  None, or what is done once before the first step, with every network frozen: it gets
             `batches`, and `batches(count)` yields at least `count` photographs of "all", or all
             there are, in batches, the same on every call
    fresh    None, or what starts again after every `renew_epochs` passes over the photographs: at
             the n-th time, from 1, `fresh(n)` gives networks by name, whose weights are copied;
             their optimisers start again too
    shared   None, or everything (besides data, device and earlier shared stages) that the stage's
             outcome depends on: runs that agree on it train it once and share the result. A
             function where that is known only on the machine that trains; asked only there
    """

    name: str
    epochs: float
    batch_size: int
    learning_rate: float
    phases: tuple[Phase, ...]
    weight_decay: float = 0.0
    shared: dict[str, Any] | Callable[[], dict[str, Any]] | None = None
    pairs: bool = False
    prepare: Callable[[Callable[[int], Iterator[Batch]]], None] | None = None
    iterations: int | None = None
    renew_epochs: float = 0.0
    fresh: Callable[[int], dict[str, Module]] | None = None


def stage_of(
    schedule: dict[str, float], name: str, phases: tuple[Phase, ...], key: str = "", **more: Any
) -> Stage:
    """A stage with the schedule's `<key>_epochs`, or `<key>_iterations` of each phase, and its
    `<key>_learning_rate` where there is one (key: by default the name); `more` says what else it
    has."""
    key = key or name
    steps, rate = schedule.get(f"{key}_iterations"), f"{key}_learning_rate"
    if steps is not None:
        more = {"epochs": 0, "iterations": int(steps) * len(phases)} | more
    elif "epochs" not in more:
        more["epochs"] = schedule[f"{key}_epochs"]
    usual = {
        "batch_size": int(schedule["batch_size"]),
        "learning_rate": schedule[rate if rate in schedule else "learning_rate"],
        "weight_decay": schedule.get("weight_decay", 0.0),
    }
    return Stage(name=name, phases=phases, **(usual | more))


@dataclass(frozen=True)
class Model:
    """A method's networks and what can be done with them.

    release                 (x, generator, value) -> z: all that leaves the device. `value` is the
                            release-time knob's, None for methods without one
    own_head                z -> logits of the attributes among `run.tasks`, or None
    own_verifier            z -> embeddings (B, d), or None: to the method, two photographs show one
                            person where theirs are closer than 1
    training_adversary      z -> logits of the attributes among `run.private`, or None (paper
                            protocol only)
    training_reconstructor  z -> pictures in [0, 1], or None (paper protocol only)
    released_map            (C, h, w) where z is a flattened map: attackers fold it back, since
                            everybody knows. The functions above then take it in either form
    noise                   () -> what the noise of a release is drawn from, where the method is
                            `noisy`, has a release-time knob and no `preview`. A code: {"root": (k, k)}, symmetric;
                            noise of ratio r has covariance r root^2. A map: {"low": (C,), "high":
                            (C,)}, the range that replaced entries of each channel are drawn from
    cells, table            of a `finite` method: x -> int64 (B,), and value -> float64 (cells, K). A release is
                            drawn from the row of its cell; whoever saw it drawn afresh often enough
                            would know the cell
    notes                   () -> what else `run.json` must say of how it was trained: what the Run
                            leaves to the machine. A training resumed where it differs is refused
    """

    networks: dict[str, Module]
    stages: tuple[Stage, ...]
    release: Callable[[Tensor, Generator, float | None], Tensor]
    own_head: Callable[[Tensor], Tensor] | None = None
    training_adversary: Callable[[Tensor], Tensor] | None = None
    training_reconstructor: Callable[[Tensor], Tensor] | None = None
    own_verifier: Callable[[Tensor], Tensor] | None = None
    released_map: tuple[int, int, int] | None = None
    noise: Callable[[], dict[str, Tensor]] | None = None
    cells: Callable[[Tensor], Tensor] | None = None
    table: Callable[[float | None], Tensor] | None = None
    notes: Callable[[], dict[str, str]] | None = None


@dataclass(frozen=True)
class Method:
    """The declaration of one method.

    presets         "paper", "compact" -> `height`, `width` (pixels), network widths and `schedule`
                    (numbers a Run may replace)
    release_kind    of `RELEASE_KINDS`: what leaves the device
    noisy           whether the same photograph is released differently each time
    finite          whether a release is one of finitely many answers, float (B, K) of a single 1 in
                    each row: what it gives away at most can be counted
    preview         of a method that changes the picture before anything else: (picture float
                    (H, W, 3) in [0, 1], value of its knob, generator) -> the changed one, float
                    (H, W, 3), without torch
    baseline        whether it is what a method has to be compared with
    reference       the method whose release, with every knob at its weakest, is this one's
                    unprotected counterpart where `UNPROTECTED` cannot serve the same task
    another_network whether that is so wherever it was measured: what is released comes from another
                    kind of network than `UNPROTECTED` is
    tasks, private  what a run of it names where the user names nothing
    understands     those of `RESERVED` that it can be given as a task or as private
    training_only   networks that a measured run no longer needs; a name stands for its numbered
                    doubles, too (`core.methods.papers.hardening`)
    published_sets  the paper's combinations (tasks, private attributes), by the name it gives them
    own_pictures    where the paper shows what its decoder inside the training redraws, or ""
    hardens         name of the method that this one is the hardened variant of, or ""
    paper_attackers  kind of target -> `ALONG` or `AFRESH`: whom the paper asks. A kind that is not
                    named is asked of attackers trained afterwards
    departures      what the paper leaves open, or has otherwise, and how it is here: a sentence
                    each, for people who set its numbers beside ours
    """

    name: str
    title: str
    summary: str
    citation: str
    knobs: tuple[Knob, ...]
    presets: dict[str, dict[str, Any]]
    build: Callable[[Run, dict[str, Any], tuple[str, ...]], Model]
    color: str
    release_kind: str = "map"
    noisy: bool = False
    finite: bool = False
    preview: Preview | None = None
    baseline: bool = False
    reference: str = UNPROTECTED
    another_network: bool = False
    tasks: tuple[str, ...] = ("Smiling",)
    private: tuple[str, ...] = ("Male",)
    understands: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    training_only: tuple[str, ...] = ()
    published_sets: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    own_pictures: str = ""
    hardens: str = ""
    paper_attackers: dict[str, str] = field(default_factory=lambda: dict.fromkeys(TRAINED, ALONG))
    departures: tuple[str, ...] = ()

    def asked_afresh(self, kind: str) -> bool:
        """Whether the paper's number on a kind of target is that of an attacker trained
        afterwards."""
        return self.paper_attackers.get(kind, AFRESH) == AFRESH

    def settings(self, run: Run) -> dict[str, Any]:
        """The run's preset, its "schedule" with the entries that the run replaces."""
        preset = self.presets[run.preset]
        return preset | {"schedule": preset["schedule"] | run.schedule}

    def model(self, run: Run, attributes: tuple[str, ...]) -> Model:
        """Networks, stages and release of a checked run; `attributes` are the data set's attribute
        names, in order."""
        return self.build(run, self.settings(run), attributes)

    def size(self, preset: str) -> tuple[int, int]:
        """Height and width, in pixels, of the photographs of a preset."""
        return self.presets[preset]["height"], self.presets[preset]["width"]

    @property
    def release_knob(self) -> Knob | None:
        return next((knob for knob in self.knobs if knob.when == "release"), None)

    @property
    def release_values(self) -> list[float | None]:
        """The grid of the release-time knob; [None] for a method without one."""
        return [float(v) for v in self.release_knob.grid] if self.release_knob else [None]

    def only_trains(self, network: str) -> bool:
        """Whether a network, by its name among `Model.networks`, is one of `training_only`."""
        return re.sub(r"_\d+$", "", network) in self.training_only


def columns(attributes: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    """Positions of `names` among the data set's attributes; `RESERVED` words have none. Raises
    PenumbraError for an attribute the data set does not have."""
    from core.data import faces  # needs packages that a declaration does without

    return faces.columns(attributes, attributes_among(names))


def attributes_among(names: tuple[str, ...]) -> tuple[str, ...]:
    """`names` without `RESERVED` words."""
    return tuple(name for name in names if name not in RESERVED)
