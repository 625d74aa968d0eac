"""AIA, the Adversarial Image Anonymizer (Mosallanezhad, Silva, Mancenido, Liu; SBP-BRiMS 2021).

An autoencoder of grey pictures whose flattened code g is what leaves the device. It learns to keep
g useful for a task network and useless for an adversary that wants the private attributes.

Read as it must be meant: Eq. 5 is the cross-entropy of x' against x (it is printed with the two
exchanged), and y = 1 in Eq. 7 means two different people. What the paper leaves open is settled
here: pictures are turned grey on the device; Eq. 8 is minimised by encoder and decoder; meanwhile
the task network and the adversary go on learning, in turns with them (schedule entry
`frozen_adversary` = 1 keeps the adversary as it was pretrained); losses are means over pixels,
pairs and pictures; batch size, epochs and the margin are ours. The adversary is the convolutional
one of section 5.2; `tanh_adversary` = 1 takes the three-layer network of Eq. 6. The paper has one
private attribute and one task, verification; here several private attributes are several outputs
of one adversary, attributes as tasks get a classifier of the Siamese network's shape, and the
losses of several tasks add up.

Two baselines share all of the training: *Original* is the same autoencoder with alpha = beta = 0,
*Random* replaces entries of its code. AIA\\T is AIA with alpha = 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from core.methods import hardening
from core.methods.declare import (
    VERIFICATION,
    Batch,
    Choice,
    Knob,
    Method,
    Model,
    Phase,
    Stage,
    attributes_among,
    columns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Generator, Tensor, nn

    from core.run import Run

SCHEDULE = {
    "batch_size": 64,
    "margin": 2.0,
    "frozen_adversary": 0,
    "tanh_adversary": 0,
    **hardening.OFF,
}
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "height": 218,
        "width": 178,
        "encoder": (8, 12),
        "decoder": (256, 128),
        "adversary": (32, 64, 64, 128, 128, 256),
        "task": (4, 8, 8),
        "fully_connected": 500,
        "embedding": 128,
        "hidden": 256,
        "schedule": SCHEDULE
        | {
            "learning_rate": 2e-4,
            "adversarial_learning_rate": 2e-4,
            "autoencoder_epochs": 10,
            "task_epochs": 10,
            "adversary_epochs": 10,
            "adversarial_epochs": 30,
        },
    },
    "compact": {
        "height": 64,
        "width": 64,
        "encoder": (8, 12),
        "decoder": (32, 16),
        "adversary": (16, 32, 32, 64, 64, 128),
        "task": (4, 8, 8),
        "fully_connected": 96,
        "embedding": 64,
        "hidden": 64,
        "schedule": SCHEDULE
        | {
            "learning_rate": 1e-3,
            "adversarial_learning_rate": 1e-3,
            "autoencoder_epochs": 10,
            "task_epochs": 20,
            "adversary_epochs": 8,
            "adversarial_epochs": 60,
        },
    },
}
RANGED = 2048  # photographs that the range of Random's entries is taken from


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Networks of section 5.2 and the training of section 4.3: each component alone, then Eq. 8."""
    return _model(run, AIA, settings, attributes, run.knobs["alpha"], run.knobs["beta"])


def build_original(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """AIA with alpha = beta = 0: adversary and task network learn beside an autoencoder that does
    not mind them, for as long as they would have."""
    return _model(run, AIA_ORIGINAL, settings, attributes, 0.0, 0.0)


def build_random(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """*Original*, with entries of g replaced at random when it is released.

    The paper says that entries lie in [0, 1] and draws from U[0, 1]. Behind a leaky ReLU they do
    not, so the draw is from U[low, high], the range of the entry's channel over the defender's
    photographs: the same up to shifting and scaling each channel into [0, 1].
    """
    from core.nets import aia as nets

    model = _model(run, AIA_RANDOM, settings, attributes, 0.0, 0.0)
    encoder, shape = model.networks["encoder"], model.released_map
    assert shape is not None
    entries = nets.EntryRange(shape[0])
    model.networks["entry_range"] = entries

    def measure(batches: Callable[[int], Iterator[Batch]]) -> None:
        codes = [nets.folded(encoder(nets.greyscale(b.x)), shape) for b in batches(RANGED)]
        entries.low.copy_(_smallest(codes))
        entries.high.copy_(-_smallest([-code for code in codes]))

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        assert value is not None
        g = model.release(x, generator, None)
        size = shape[1] * shape[2]
        low = entries.low.repeat_interleave(size)
        high = entries.high.repeat_interleave(size)
        return replaced(g, low, high, generator, value)

    size = model.stages[0].batch_size
    stage = Stage("entry range", 0, size, 0.0, (), prepare=measure)
    return Model(
        networks=model.networks,
        stages=(*model.stages, stage),
        release=release,
        own_head=model.own_head,
        own_verifier=model.own_verifier,
        training_adversary=model.training_adversary,
        released_map=shape,
        noise=lambda: {"low": entries.low, "high": entries.high},
    )


def replaced(
    g: Tensor, low: Tensor, high: Tensor, generator: Generator, probability: float
) -> Tensor:
    """Each entry of g (B, k) is replaced by U[low, high] (each (k,)) with the given probability
    (section 5.3, *Random*, which uses .5)."""
    import torch

    hit = torch.rand(g.shape, generator=generator).to(g.device) < probability
    drawn = torch.rand(g.shape, generator=generator).to(g.device)
    return torch.where(hit, low + (high - low) * drawn, g)


def _smallest(codes: list[Tensor]) -> Tensor:
    """Smallest entry of each channel over maps (B, C, h, w): (C,)."""
    import torch

    return torch.stack([code.amin((0, 2, 3)) for code in codes]).amin(0)


def _adversaries(run: Run, settings: dict[str, Any]) -> hardening.Committee:
    """Those who guess the private attributes from g, the paper's first."""
    from core.nets import aia as nets

    shape = nets.map_shape(settings["encoder"], settings["height"], settings["width"])
    outputs, schedule = len(run.private), settings["schedule"]

    def own(factor: float) -> nn.Module:
        if schedule["tanh_adversary"]:
            hidden = hardening.widened(settings["hidden"], factor)
            return nets.TanhAdversary(math.prod(shape), hidden, outputs)
        return nets.Adversary(shape, hardening.widened(settings["adversary"], factor), outputs)

    return hardening.classifiers(
        run, schedule, "adversary", own, shape, outputs, label="aia adversary"
    )


def _networks(run: Run, settings: dict[str, Any]) -> dict[str, nn.Module]:
    from core.nets import aia as nets
    from core.nets.vgg import seeded

    height, width = settings["height"], settings["width"]
    shape = nets.map_shape(settings["encoder"], height, width)
    heads, outputs = settings["task"], len(attributes_among(run.tasks))
    build = {
        "encoder": lambda: nets.Encoder(settings["encoder"]),
        "decoder": lambda: nets.Decoder(shape, settings["decoder"], height, width),
    }
    if VERIFICATION in run.tasks:
        build["siamese"] = lambda: nets.TaskNetwork(
            shape, heads, settings["fully_connected"], settings["embedding"]
        )
    if outputs:
        build["classifier"] = lambda: nets.TaskNetwork(
            shape, heads, settings["fully_connected"], outputs
        )
    return {name: seeded(run.seed, f"aia {name}", make) for name, make in build.items()}


def _model(
    run: Run,
    method: Method,
    settings: dict[str, Any],
    attributes: tuple[str, ...],
    alpha: float,
    beta: float,
) -> Model:
    import torch

    from core import losses
    from core.nets import aia as nets

    schedule = settings["schedule"]
    networks = _networks(run, settings)
    encoder, decoder = networks["encoder"], networks["decoder"]
    siamese, classifier = networks.get("siamese"), networks.get("classifier")
    adversaries = _adversaries(run, settings) if run.private else None
    if adversaries is not None:
        networks |= adversaries.networks
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)

    def task_losses(batch: Batch, g: Tensor) -> dict[str, Tensor]:
        """L_T by name, "task" their sum; rows 2i and 2i + 1 show one person."""
        found = {}
        if siamese is not None:
            distances, different = losses.pair_distances(siamese(g), batch.identities)
            found["verification"] = losses.contrastive(distances, different, schedule["margin"])
        if classifier is not None:
            found["attributes"] = losses.cross_entropy(classifier(g), batch.attributes[:, tasks])
        return {"task": torch.stack(list(found.values())).sum()} | found

    def autoencoder_loss(batch: Batch) -> tuple[Tensor, Tensor]:
        pictures = nets.greyscale(batch.x)
        g = encoder(pictures)
        return g, losses.autoencoder(decoder(g), pictures)

    def train_autoencoder(batch: Batch) -> dict[str, Tensor]:
        _, loss = autoencoder_loss(batch)
        return {"total": loss, "autoencoder": loss}

    def train_task(batch: Batch) -> dict[str, Tensor]:
        with torch.no_grad():
            g = encoder(nets.greyscale(batch.x))
        found = task_losses(batch, g)
        return {"total": found["task"], **found}

    def train_adversary(batch: Batch) -> dict[str, Tensor]:
        assert adversaries is not None
        with torch.no_grad():
            g = encoder(nets.greyscale(batch.x))
        loss = adversaries.guesses(g, batch.attributes[:, private])
        return {"total": loss, "adversary": loss}

    def anonymise(batch: Batch) -> dict[str, Tensor]:
        g, loss = autoencoder_loss(batch)
        found = {"autoencoder": loss}
        if alpha:
            found |= task_losses(batch, g)
        if beta and adversaries is not None:
            labels = batch.attributes[:, private]
            found["adversary"] = adversaries.guesses(g, labels, schedule["bounded"])
        total = losses.anonymise(
            loss, found.get("task", 0.0), found.get("adversary", 0.0), alpha, beta
        )
        return {"total": total, **found}

    task_networks = tuple(name for name in ("siamese", "classifier") if name in networks)
    learn_task = Phase("task", task_networks, train_task)
    against = () if adversaries is None else tuple(adversaries.networks)
    learn_adversary = Phase("adversary", against, train_adversary)
    defend = Phase("anonymise", ("encoder", "decoder"), anonymise)
    moving = against and not schedule["frozen_adversary"]
    cycle = (defend, learn_adversary, learn_task) if moving else (defend, learn_task)
    turns = hardening.turns(schedule, cycle, ("adversary",))

    def stage(name: str, phases: tuple[Phase, ...], *entries: str, **depends: Any) -> Stage:
        """One stage; those before Eq. 8, and the baselines' last one, are trained once for all runs
        that agree on the schedule's `entries` and on what else it `depends` on."""
        last = name == "adversarial"
        rate = "adversarial_learning_rate" if last else "learning_rate"
        named = (f"{name}_epochs", rate, *entries)
        shared = {"stage": f"aia {name}"} | depends | {entry: schedule[entry] for entry in named}
        return Stage(
            name=name,
            epochs=schedule[f"{name}_epochs"] * (len(turns) / len(cycle) if last else 1),
            batch_size=int(schedule["batch_size"]),
            learning_rate=schedule[rate],
            phases=phases,
            shared=None if last and not method.baseline else shared,
            pairs=siamese is not None and name in ("task", "adversarial"),
            renew_epochs=schedule["renew_epochs"] if last and moving else 0,
            fresh=adversaries.fresh if adversaries is not None else None,
        )

    widths = {name: value for name, value in settings.items() if name != "schedule"}
    alone = Phase("autoencoder", defend.trains, train_autoencoder)
    stages = [stage("autoencoder", (alone,), "batch_size", seed=run.seed, widths=widths)]
    stages.append(stage("task", (learn_task,), "margin", tasks=run.tasks))
    if against:
        attackers = {"private": run.private} | hardening.described(schedule)
        stages.append(stage("adversary", (learn_adversary,), "tanh_adversary", **attackers))
    stages.append(stage("adversarial", turns, "frozen_adversary", *hardening.OFF))

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        return encoder(nets.greyscale(x))

    return Model(
        networks=networks,
        stages=tuple(stages),
        release=release,
        own_head=classifier,
        own_verifier=None if siamese is None else nets.Scaled(siamese, 2 / schedule["margin"]),
        training_adversary=networks.get("adversary"),
        released_map=nets.map_shape(settings["encoder"], settings["height"], settings["width"]),
    )


CHOICES = (
    Choice("frozen_adversary", ("learning", "frozen"), "attacker in training frozen"),
    Choice("tanh_adversary", ("convolutional", "of Eq. 6"), "attacker in training of Eq. 6"),
)
TRAINING_ONLY = ("adversary", "decoder", "siamese")
_TITLE = "Mosallanezhad, Silva, Mancenido & Liu, AIA"

AIA = Method(
    name="aia",
    title="AIA",
    summary=(
        "An autoencoder's code is trained to serve the task and to mislead a simulated attacker "
        "that guesses the private attribute."
    ),
    citation=f"{_TITLE}, Eq. 8",
    knobs=(
        Knob(
            name="alpha",
            symbol="α",
            default=0.5,
            grid=(1.0, 0.75, 0.5, 0.25, 0.0),
            when="train",
            help="How much the code must serve the task (Eq. 8); more of it protects less.",
        ),
        Knob(
            name="beta",
            symbol="β",
            default=0.5,
            grid=(0.0, 0.25, 0.5, 0.75, 1.0),
            when="train",
            help="How hard the encoder works against guessing the private attribute (Eq. 8).",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#D55E00",
    tasks=(VERIFICATION,),
    understands=(VERIFICATION,),
    reference="aia_original",
    choices=CHOICES,
    training_only=TRAINING_ONLY,
)

AIA_ORIGINAL = Method(
    name="aia_original",
    title="AIA's autoencoder, unprotected",
    summary="The code of an autoencoder that minds neither task nor attacker.",
    citation=f"{_TITLE}, section 5.3, the Original baseline",
    knobs=(),
    presets=PRESETS,
    build=build_original,
    color="#6B7280",
    baseline=True,
    tasks=(VERIFICATION,),
    understands=(VERIFICATION,),
    reference="aia_original",
    choices=CHOICES,
    training_only=TRAINING_ONLY,
)

AIA_RANDOM = Method(
    name="aia_random",
    title="AIA's autoencoder, values replaced",
    summary="Each value of an unprotected code is replaced by a random one with a fixed probability.",
    citation=f"{_TITLE}, section 5.3, the Random baseline",
    knobs=(
        Knob(
            name="probability",
            symbol="p",
            default=0.5,
            grid=(0.25, 0.5, 0.75, 0.9),
            when="release",
            help="Share of the values that are replaced.",
        ),
    ),
    presets=PRESETS,
    build=build_random,
    color="#8B9199",
    noisy=True,
    baseline=True,
    tasks=(VERIFICATION,),
    understands=(VERIFICATION,),
    reference="aia_original",
    choices=CHOICES,
    training_only=TRAINING_ONLY,
)

METHODS = (AIA, hardening.hardened(AIA, "#9C4A00"), AIA_ORIGINAL, AIA_RANDOM)
