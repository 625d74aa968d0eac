"""DPFE, Deep Private-Feature Extraction (Osia, Taheri, Shamsabadi, Katevas, Haddadi & Rabiee; IEEE
TKDE 2018, arXiv 1802.03151), and the *Simple* model it is compared with.

Procedure 1: an attribute network M0 is cut after one of its convolutions (`cut`, a place in
`CUTS`), a linear autoencoder of width 10 is embedded there with PCA weights, and
the whole is fine-tuned for the tasks: *Simple* (`code_width` numbers, 10 in the paper). Fine-tuning
goes on with the loss of Eq. 7, which
pushes codes of one person apart and pulls those of different people together: *DPFE*. Procedure 2:
what leaves the device is the code plus Gaussian noise of covariance r Cov(code), so that one
training serves the whole accuracy-privacy curve. The noise moves at release time, beta does not;
with beta = 0 it is Simple, trained longer.

The secret y of Eq. 7 is the person (`identity`), as in the paper, or the private attributes named,
or both: a pair is the same where all of them agree.

Paper and authors' code:
- The paper fine-tunes on the task attributes A. The code does the first 3,000 steps on all 40
  attributes, so that its Simple keeps what all of them need, and the last 3,000, at a hundredth of
  the learning rate, on A. `embed_all_attributes` = 1 is the code's way.
- Lengths are in steps, as in the code: 3,000 + 3,000 + 15,000 of 50 photographs, which are .92,
  .92 and 4.6 passes over CelebA's 162,770 training photographs. M0 is downloaded there, after a
  million steps; here it is trained in epochs, with the loss of all stages (theirs was trained by
  squared error and changes to cross-entropy later).
- The code draws 50 pairs from two files whose mix is not published, and takes the task loss on the
  first of each pair. Here a batch holds 25 people twice, all its pairs count, and the task loss is
  on all 50.
- The code's layers that scale and shift each number before and after the autoencoder are left
  out: they make its linear maps no richer.
- The covariance is estimated on the defender's photographs (code: on the test photographs).
- The code starts the decoder with the bare PCA weights though batch norm has divided the code by
  its spread; here they are multiplied by it again, so that the autoencoder starts as the projection
  that Procedure 1 asks for.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from core.errors import PenumbraError
from core.methods.declare import (
    IDENTITY,
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

# The paper's nested sets of tasks (section 6.1), in CelebA's names.
ATTRIBUTE_SETS: dict[str, tuple[str, ...]] = {
    "G": ("Male",),
    "GA": ("Male", "Young"),
    "GAS": ("Male", "Young", "Smiling"),
    "GASL": ("Male", "Young", "Smiling", "Big_Lips"),
    "GASLN": ("Male", "Young", "Smiling", "Big_Lips", "Big_Nose"),
}
# The convolutions after which the network may be cut (section 6.1), before their batch norm.
CUTS = ("conv4-2", "conv5-1", "conv6-1", "conv7")
LAYERS = (*(f"to {name}" for name in CUTS), "head")  # the networks that M0 consists of
MARGIN = 10.0  # of the contrastive loss, and its weight: the authors' files
CONTRASTIVE_WEIGHT = 0.01
# Photographs from which the principal axes and the code's covariance are estimated: the authors'
# 1,000 batches of 50.
ACTIVATIONS = 50_000

SCHEDULE = {
    "batch_size": 50,
    "cut": 3,  # conv7
    "code_width": 10,
    "embed_all_attributes": 0,
    "pretrain_epochs": 20,
    "pretrain_learning_rate": 1e-4,
    "embed_iterations": 3000,
    "embed_learning_rate": 1e-4,
    "tune_iterations": 3000,
    "tune_learning_rate": 1e-6,
}
PRESETS: dict[str, dict[str, Any]] = {
    # caffe-moon's network at CelebA's aligned size.
    "paper": {
        "height": 218,
        "width": 178,
        "widths": (16, 32, 16, 128, 32, 256, 64, 512, 128, 1000),
        "schedule": SCHEDULE,
    },
    # A quarter of the width (conv1 to conv3: half); learning rates ten times larger.
    "compact": {
        "height": 64,
        "width": 64,
        "widths": (8, 16, 8, 32, 8, 64, 16, 128, 32, 250),
        "schedule": SCHEDULE
        | {
            "pretrain_epochs": 12,
            "pretrain_learning_rate": 1e-3,
            "embed_iterations": 300,
            "embed_learning_rate": 1e-3,
            "tune_iterations": 300,
            "tune_learning_rate": 1e-5,
        },
    },
}
EXTRACTION: dict[str, dict[str, float]] = {
    "paper": {"extract_iterations": 15_000, "extract_learning_rate": 1e-4},
    "compact": {"extract_iterations": 1500, "extract_learning_rate": 1e-3},
}
# What guessing the private attributes from the code costs the encoder: nothing in the paper, which
# has no adversaries in its training.
EXTRACTION_OFF = hardening.OFF | {"adversary_weight": 0}


def build(
    run: Run, settings: dict[str, Any], attributes: tuple[str, ...], private: bool = True
) -> Model:
    """The stages of Simple, and for DPFE (`private`) the loss of Eq. 7 on batches that hold everybody
    twice. Raises PenumbraError where DPFE has nothing to hide."""
    if private and not run.private:
        raise PenumbraError(
            f"{run.method} needs something to hide: name {IDENTITY} or attributes as private"
        )
    import torch

    from core import losses
    from core.nets import darknet
    from core.nets.vgg import seeded

    schedule = settings["schedule"]
    cut, code_width = int(schedule["cut"]), int(schedule["code_width"])
    tasks, secrets = columns(attributes, run.tasks), columns(attributes, run.private)
    learned = list(range(len(attributes))) if schedule["embed_all_attributes"] else tasks
    widths = settings["widths"]

    networks = attribute_network(run, widths, len(attributes))
    begun = pretraining(run, schedule, widths, networks)
    shape = darknet.cut_shape(cut, widths, settings["height"], settings["width"])
    encoder = seeded(run.seed, "code", lambda: darknet.Encoder(math.prod(shape), code_width))
    decoder = seeded(run.seed, "from code", lambda: darknet.Decoder(code_width, shape))
    networks |= {"encoder": encoder, "decoder": decoder}
    everything = tuple(networks)
    adversaries = _adversaries(run, schedule, secrets)
    networks |= adversaries.networks
    device, service = LAYERS[: cut + 1], LAYERS[cut + 1 :]
    within = partial(through, networks)

    def code_of(x: Tensor) -> Tensor:
        return encoder(within(device, x))

    def logits_of(code: Tensor) -> Tensor:
        return within(service, decoder(code))

    def fine_tune(batch: Batch, wanted: list[int]) -> dict[str, Tensor]:
        logits = logits_of(code_of(batch.x))[:, wanted]
        task = losses.cross_entropy(logits, batch.attributes[:, wanted])
        return {"total": task, "task": task}

    def extract(batch: Batch) -> dict[str, Tensor]:
        code = code_of(batch.x)
        total = losses.cross_entropy(logits_of(code)[:, tasks], batch.attributes[:, tasks])
        found = {"task": total}
        if beta := run.knobs["beta"]:
            known = [batch.identities] if IDENTITY in run.private else []
            known += [batch.attributes[:, secrets]] if secrets else []
            distances = losses.uninformative_distances(code, losses.same_secret(*known), MARGIN)
            found["distances"] = distances
            total = total + beta * CONTRASTIVE_WEIGHT * distances  # Eq. 7
        if adversaries.networks:
            found["guess"] = adversaries.cross_entropy(batch, code, schedule["bounded"])
            total = total - schedule["adversary_weight"] * found["guess"]
        return {"total": total, **found}

    def attack(batch: Batch) -> dict[str, Tensor]:
        guess = adversaries.cross_entropy(batch, code_of(batch.x))
        return {"total": guess, "guess": guess}

    def embed(batches: Callable[[int], Iterator[Batch]]) -> None:
        features = (within(device, batch.x) for batch in batches(ACTIVATIONS))
        darknet.start_with_principal_axes(encoder, decoder, features)

    def measure_noise(batches: Callable[[int], Iterator[Batch]]) -> None:
        encoder.measure_covariance(torch.cat([code_of(b.x) for b in batches(ACTIVATIONS)]))

    def shared(key: str, **more: Any) -> dict[str, Any]:
        if code_width != SCHEDULE["code_width"]:
            more["code_width"] = code_width
        return _shared(run, schedule, key, **more)

    stages = [
        begun,
        stage_of(
            schedule,
            "embed",
            (Phase("embed", everything, partial(fine_tune, wanted=learned)),),
            prepare=embed,
            shared=shared("embed", learned=[attributes[i] for i in learned], cut=cut),
        ),
        stage_of(
            schedule,
            "tune",
            (Phase("tune", everything, partial(fine_tune, wanted=tasks)),),
            shared=shared("tune", tasks=run.tasks),
        ),
    ]
    if private:
        cycle = [Phase("extract privately", everything, extract)]
        if adversaries.networks:
            cycle.append(Phase("attack", tuple(adversaries.networks), attack))
        stages.append(
            stage_of(
                schedule,
                "extract privately",
                hardening.turns(schedule, cycle, ("attack",)),
                "extract",
                pairs=True,
                renew_epochs=schedule["renew_epochs"],
                fresh=adversaries.fresh,
            )
        )
    # Nothing is trained here: the covariance of the finished code scales the noise.
    batch_size = int(schedule["batch_size"])
    stages.append(Stage("noise", 0, batch_size, 0.0, phases=(), prepare=measure_noise))

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        code = code_of(x)
        return code + encoder.noise(len(code), value, generator) if value else code

    return Model(
        networks=networks,
        stages=tuple(stages),
        release=release,
        own_head=lambda z: logits_of(z)[:, tasks],
        training_adversary=networks.get("guesser"),
        noise=lambda: {"root": encoder.noise_root.view(code_width, code_width)},
    )


def attribute_network(run: Run, widths: tuple[int, ...], outputs: int) -> dict[str, Module]:
    """M0: five networks, the same for every cut, so that all cuts share its training."""
    from core.nets import darknet
    from core.nets.vgg import seeded

    built: list[Callable[[], Module]] = [
        *(partial(darknet.segment, number, widths) for number in range(len(CUTS))),
        partial(darknet.Head, widths, outputs),
    ]
    return {
        name: seeded(run.seed, f"darknet {name}", build)
        for name, build in zip(LAYERS, built, strict=True)
    }


def through(networks: dict[str, Module], names: tuple[str, ...], x: Tensor) -> Tensor:
    """What some of the networks make of x, one after the other."""
    for name in names:
        x = networks[name](x)
    return x


def pretraining(
    run: Run, schedule: dict[str, float], widths: tuple[int, ...], networks: dict[str, Module]
) -> Stage:
    """The stage in which M0 learns all attributes of the data set."""
    from core import losses

    def recognise(batch: Batch) -> dict[str, Tensor]:
        attribute = losses.cross_entropy(through(networks, LAYERS, batch.x), batch.attributes)
        return {"total": attribute, "attribute": attribute}

    shared = _shared(run, schedule, "pretrain", widths=list(widths))
    return stage_of(schedule, "pretrain", (Phase("pretrain", LAYERS, recognise),), shared=shared)


def _shared(run: Run, schedule: dict[str, float], key: str, **more: Any) -> dict[str, Any]:
    mine = {k: v for k, v in schedule.items() if k.startswith(key) or k == "batch_size"}
    return {"stage": f"dpfe {key}", "seed": run.seed, "schedule": mine, **more}


def _adversaries(run: Run, schedule: dict[str, float], secrets: list[int]) -> hardening.Adversaries:
    """Adversaries on the code, for hardened training; one is the three-layer network that AIA
    (Eq. 6) sets against a vector."""
    from core.nets import aia

    if not schedule.get("adversary_weight"):
        return hardening.NO_ADVERSARIES
    if not secrets:
        raise PenumbraError(
            "hardened DPFE trains attackers that guess attributes: name a private attribute"
        )

    width = int(schedule["code_width"])

    def own(factor: float) -> Module:
        return aia.TanhAdversary(width, hardening.widened(128, factor), len(secrets))

    return hardening.classifiers(run, schedule, "guesser", own, (width, 1, 1), secrets)


NOISE_RATIO = Knob(
    name="noise_ratio",
    symbol="r",
    default=0.0,
    grid=(0.0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 4.0, 6.0, 8.0),
    when="release",
    help="How much noise is added to the code before it leaves, as a share of its own variance.",
)
BETA = Knob(
    name="beta",
    symbol="β",
    default=1.0,
    grid=(0.0, 0.5, 1.0, 2.0, 5.0),
    help="How hard the encoder works against telling people apart (Eq. 7); 0 leaves that out.",
)
CUT = Choice("cut", CUTS, "cut at place {:g}", released=True)
WIDTH = Choice("code_width", words="a code of {:g} numbers", released=True, between=(1, 1000))
DPFE = Method(
    name="dpfe",
    title="DPFE",
    summary=(
        "The picture is reduced to ten numbers that are trained to tell the task and to mix up "
        "people, and noise is added to them."
    ),
    citation="Osia, Taheri, Shamsabadi, Katevas, Haddadi & Rabiee, DPFE, Procedure 1 and Eq. 7",
    knobs=(NOISE_RATIO, BETA),
    presets={
        name: preset | {"schedule": preset["schedule"] | EXTRACTION[name] | EXTRACTION_OFF}
        for name, preset in PRESETS.items()
    },
    build=build,
    color="#56B4E9",
    release_kind="code",
    noisy=True,
    tasks=ATTRIBUTE_SETS["G"],
    private=(IDENTITY,),
    understands=(IDENTITY,),
    reference="dpfe_simple",
    choices=(CUT, WIDTH),
    training_only=("guesser",),
    paper_attackers={},  # who it is, from the features alone
    departures=(
        "The paper downloads the attribute network that it starts from; here it is trained, with the "
        "loss of all later parts.",
        "Lengths of training, margin and weight of Eq. 7 are those of its authors' code; the paper gives "
        "none.",
        "The code draws its pairs from files whose mix is not published; here a batch holds 25 people "
        "twice, and all its pairs count.",
        "The noise's covariance is estimated on photographs that the method learned from; the code takes "
        "those it tests on.",
    ),
    published_sets={name: (tasks, (IDENTITY,)) for name, tasks in ATTRIBUTE_SETS.items()},
)
DPFE_SIMPLE = replace(
    DPFE,
    name="dpfe_simple",
    title="Ten numbers (Simple)",
    summary=(
        "The picture is reduced to ten numbers that are trained for the task alone, and noise is "
        "added to them."
    ),
    citation="Osia et al., DPFE, Procedure 1, the Simple model",
    knobs=(NOISE_RATIO,),
    presets=PRESETS,
    build=partial(build, private=False),
    color="#74777C",
    baseline=True,
    training_only=(),
)
# The paper's secret is the person, and its tasks hold the gender: here attackers guess attributes.
DPFE_HARDENED = replace(
    hardening.hardened(DPFE, "#1F77A8", adversary_weight=1),
    summary=(
        "DPFE with simulated attackers beside it: the ten numbers are also trained against several "
        "networks that guess the private attribute from them."
    ),
    tasks=("Smiling",),
    private=("Male",),
    understands=(),
    published_sets={},
)

METHODS = (DPFE, DPFE_HARDENED, DPFE_SIMPLE)
