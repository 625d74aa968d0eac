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

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from core.methods.baselines.image_filters import replace_at_random
from core.methods.declare import (
    VERIFICATION,
    Batch,
    Choice,
    Knob,
    Method,
    Model,
    Phase,
    Stage,
    columns,
    stage_of,
)
from core.methods.papers import hardening
from core.run import Run
from core.torch_types import Generator, Module, Tensor

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
    """Networks of section 5.2 and the training of section 4.3: each component alone, then Eq. 8.

    *Original* and *Random* have no alpha and no beta: adversary and task network learn beside an
    autoencoder that does not mind them, for as long as they would have.
    """
    import torch
    from torch.nn import functional

    from core import losses
    from core.nets import aia as nets

    schedule = settings["schedule"]
    alpha, beta = run.knobs.get("alpha", 0.0), run.knobs.get("beta", 0.0)
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)
    shape = nets.map_shape(settings["encoder"], settings["height"], settings["width"])
    networks = _networks(run, settings, shape, len(tasks))
    encoder, decoder = networks["encoder"], networks["decoder"]
    siamese, classifier = networks.get("siamese"), networks.get("classifier")
    adversaries = _adversaries(run, settings, shape, private)
    networks |= adversaries.networks

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
        """g, and Eq. 5 as a mean over pixels: its least value is the entropy of x, not 0."""
        pictures = nets.greyscale(batch.x)
        g = encoder(pictures)
        return g, functional.binary_cross_entropy_with_logits(decoder(g), pictures)

    def train_autoencoder(batch: Batch) -> dict[str, Tensor]:
        _, loss = autoencoder_loss(batch)
        return {"total": loss, "autoencoder": loss}

    def train_task(batch: Batch) -> dict[str, Tensor]:
        found = task_losses(batch, encoder(nets.greyscale(batch.x)))
        return {"total": found["task"], **found}

    def train_adversary(batch: Batch) -> dict[str, Tensor]:
        loss = adversaries.cross_entropy(batch, encoder(nets.greyscale(batch.x)))
        return {"total": loss, "adversary": loss}

    def anonymise(batch: Batch) -> dict[str, Tensor]:
        """Eq. 8, for the autoencoder alone."""
        g, total = autoencoder_loss(batch)
        found = {"autoencoder": total}
        if alpha:
            found |= task_losses(batch, g)
            total = total + alpha * found["task"]
        if beta and private:
            found["adversary"] = adversaries.cross_entropy(batch, g, schedule["bounded"])
            total = total - beta * found["adversary"]
        return {"total": total, **found}

    task_networks = tuple(name for name in ("siamese", "classifier") if name in networks)
    learn_task = Phase("task", task_networks, train_task)
    learn_adversary = Phase("adversary", tuple(adversaries.networks), train_adversary)
    defend = Phase("anonymise", ("encoder", "decoder"), anonymise)
    moving = private and not schedule["frozen_adversary"]
    cycle = (defend, learn_adversary, learn_task) if moving else (defend, learn_task)

    # Original and Random, which have no knobs, share their last stage, too.
    unaffected = not run.knobs

    def shared(name: str, *entries: str, **depends: Any) -> dict[str, Any]:
        """What a stage's outcome depends on: the schedule's `entries`, and more."""
        rate = "adversarial_learning_rate" if name == "adversarial" else "learning_rate"
        named = (f"{name}_epochs", rate, *entries)
        return {"stage": f"aia {name}"} | depends | {entry: schedule[entry] for entry in named}

    widths = {name: value for name, value in settings.items() if name != "schedule"}
    stages = [
        stage_of(
            schedule,
            "autoencoder",
            (Phase("autoencoder", defend.trains, train_autoencoder),),
            shared=shared("autoencoder", "batch_size", seed=run.seed, widths=widths),
        ),
        stage_of(
            schedule,
            "task",
            (learn_task,),
            pairs=siamese is not None,
            shared=shared("task", "margin", tasks=run.tasks),
        ),
    ]
    if private:
        more = {"private": run.private} | hardening.described(schedule)
        described = shared("adversary", "tanh_adversary", **more)
        stages.append(stage_of(schedule, "adversary", (learn_adversary,), shared=described))
    stages.append(
        hardening.adversarial_stage(
            schedule,
            cycle,
            ("adversary",),
            adversaries.fresh if moving else None,
            pairs=siamese is not None,
            shared=shared("adversarial", "frozen_adversary", *hardening.OFF)
            if unaffected
            else None,
        )
    )
    return Model(
        networks=networks,
        stages=tuple(stages),
        release=lambda x, generator, value: encoder(nets.greyscale(x)),
        own_head=classifier,
        own_verifier=None if siamese is None else nets.Scaled(siamese, 2 / schedule["margin"]),
        training_adversary=networks.get("adversary"),
        training_reconstructor=nets.Pictures(decoder),
        released_map=shape,
    )


def build_random(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """*Original*, with entries of g replaced at random when it is released.

    The paper says that entries lie in [0, 1] and draws from U[0, 1]. Behind a leaky ReLU they do
    not, so the draw is from U[low, high], the range of the entry's channel over the defender's
    photographs: the same up to shifting and scaling each channel into [0, 1].
    """
    import torch

    from core.nets import aia as nets

    model = build(run, settings, attributes)
    encoder, shape = model.networks["encoder"], model.released_map
    assert shape is not None
    entries = nets.EntryRange(shape[0])

    def measure(batches: Callable[[int], Iterator[Batch]]) -> None:
        codes = torch.cat([encoder(nets.greyscale(b.x)) for b in batches(RANGED)])
        maps = codes.view(-1, *shape)
        entries.low.copy_(maps.amin((0, 2, 3)))
        entries.high.copy_(maps.amax((0, 2, 3)))

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        assert value is not None
        g = model.release(x, generator, None)
        size = shape[1] * shape[2]
        low, high = (end.repeat_interleave(size) for end in (entries.low, entries.high))
        return replace_at_random(g, generator, value, low, high)

    stage = Stage("entry range", 0, model.stages[0].batch_size, 0.0, (), prepare=measure)
    return replace(
        model,
        networks=model.networks | {"entry_range": entries},
        stages=(*model.stages, stage),
        release=release,
        noise=lambda: {"low": entries.low, "high": entries.high},
    )


def _adversaries(
    run: Run, settings: dict[str, Any], shape: tuple[int, int, int], private: list[int]
) -> hardening.Adversaries:
    """Those that tell the private attributes from g, the paper's first."""
    from core.nets import aia as nets

    if not private:
        return hardening.NO_ADVERSARIES
    outputs, schedule = len(private), settings["schedule"]

    def own(factor: float) -> Module:
        if schedule["tanh_adversary"]:
            hidden = hardening.widened(settings["hidden"], factor)
            return nets.TanhAdversary(math.prod(shape), hidden, outputs)
        return nets.Adversary(shape, hardening.widened(settings["adversary"], factor), outputs)

    return hardening.classifiers(run, schedule, "adversary", own, shape, private, "aia adversary")


def _networks(
    run: Run, settings: dict[str, Any], shape: tuple[int, int, int], outputs: int
) -> dict[str, Module]:
    """Encoder and decoder; "siamese" where verification is a task, "classifier" of the `outputs`
    attributes that are."""
    from core.nets import aia as nets
    from core.nets.vgg import seeded

    def task_network(outputs: int) -> Module:
        return nets.TaskNetwork(shape, settings["task"], settings["fully_connected"], outputs)

    build: dict[str, Callable[[], Module]] = {
        "encoder": lambda: nets.Encoder(settings["encoder"]),
        "decoder": lambda: nets.Decoder(
            shape, settings["decoder"], settings["height"], settings["width"]
        ),
    }
    if VERIFICATION in run.tasks:
        build["siamese"] = lambda: task_network(settings["embedding"])
    if outputs:
        build["classifier"] = lambda: task_network(outputs)
    return {name: seeded(run.seed, f"aia {name}", make) for name, make in build.items()}


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
            help="How much the code must serve the task (Eq. 8); more of it protects less.",
        ),
        Knob(
            name="beta",
            symbol="β",
            default=0.5,
            grid=(0.0, 0.25, 0.5, 0.75, 1.0),
            help="How hard the encoder works against guessing the private attribute (Eq. 8).",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#D55E00",
    tasks=(VERIFICATION,),
    understands=(VERIFICATION,),
    reference="aia_original",
    choices=(
        Choice("frozen_adversary", ("learning", "frozen"), "attacker in training frozen"),
        Choice("tanh_adversary", ("convolutional", "of Eq. 6"), "attacker in training of Eq. 6"),
    ),
    training_only=("adversary", "decoder", "siamese"),
    own_pictures="Figure 3",
    departures=(
        "The paper's network that verifies faces takes two photographs; here it takes their two codes, "
        "since through photographs it could not teach the encoder anything.",
        "The paper says neither how large its photographs are nor how fast it trains: here CelebA's "
        "218 × 178 pixels at the published size, and a constant learning rate of 0.0002; batch size, "
        "epochs and the margin of Eq. 7 are ours, too.",
        "The paper does not say whether the simulated attacker goes on learning while the encoder "
        "works against it; here it does, and the schedule entry frozen_adversary = 1 keeps it as it was.",
        "Two attackers are described, in section 5.2 and in Eq. 6: here the first, with "
        "tanh_adversary = 1 the second.",
        "Eq. 5 is read as the cross-entropy of the redrawn picture against the photograph, and y = 1 in "
        "Eq. 7 as two different people: as printed, the training would do the opposite.",
        "Whether the classifier that Table 1 scores was trained along or afterwards is not said; ours "
        "beside it is the one of the training.",
    ),
)

AIA_ORIGINAL = replace(
    AIA,
    name="aia_original",
    title="AIA's autoencoder, unprotected",
    summary="The code of an autoencoder that minds neither task nor attacker.",
    citation=f"{_TITLE}, section 5.3, the Original baseline",
    knobs=(),
    color="#6B7280",
    baseline=True,
    own_pictures="",
)

AIA_RANDOM = replace(
    AIA_ORIGINAL,
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
    build=build_random,
    color="#8B9199",
    noisy=True,
    departures=(
        *AIA.departures,
        "The paper draws the replaced values from 0 to 1, where it says that all values lie; behind "
        "its encoder they do not, so they are drawn from the range of each channel.",
    ),
)

METHODS = (AIA, hardening.hardened(AIA, "#9C4A00"), AIA_ORIGINAL, AIA_RANDOM)
