"""PRIC (Li, Duan, Yang, Chen, Yang; "PRIC: A Privacy-Respecting Image Crowdsourcing Framework").

An extractor hides the private attributes u from its features z and keeps everything else. It plays
against a head that reads u from z (goal 1), and together with a discriminator that tells whether z
and u belong to the picture x (goal 2): its score bounds the mutual information I(x; z, u), which
the extractor keeps high. What the features will be used for is unknown while training, so a run's
tasks change nothing in it, and the method has no task head: utility is what fresh heads reach.

The paper gives the losses; layers, optimiser and epochs are its authors' code's, which is of a
later version of the method (TIPRDC). Where they differ, the paper is the preset. The code weighs
-lambda L(C) - (1 - lambda) I, where the paper's Eq. 6 has -L(C) - lambda I. It updates the three
networks on one forward pass; here each update takes a batch and a forward pass of its own, so three
epochs of the alternation are one for each network. It shifts the batch by one photograph for the
negatives x', gives the discriminator the head's logits instead of u while it is pretrained, makes
one class of each combination of several attributes, and has drop-out in the discriminator; here x'
is the batch permuted at random so that nobody stays in place, u is always the true labels, several
attributes are several pairs of a one-hot code whose losses add up, and there is no drop-out. The
pretraining's batches are the paper's 128 (the code: 256), the learning rate is constant. -L(C), as
the paper writes it, has no lower bound, and none is added.

As in DeepObfuscator, a network that an update does not train takes part with batch statistics and
keeps its weights and buffers.
"""

from functools import partial
from typing import Any

from core.errors import PenumbraError
from core.methods.baselines.original import COMPACT, PAPER, classifier
from core.methods.declare import Batch, Knob, Method, Model, Phase, columns, stage_of
from core.methods.papers import hardening
from core.run import Run
from core.torch_types import Tensor

# Section 3.2: (tasks, private attributes) of Figures 3 and 4.
PUBLISHED_SETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "young": (("Gray_Hair", "Smiling"), ("Young",)),
    "gender": (("Heavy_Makeup", "Smiling"), ("Male",)),
}
WIDTHS = ("encoder", "classifier", "fully_connected")
# The networks' widths are VGG16's, as DeepObfuscator's are; the epochs of the pretraining and of
# the alternation (10 for each network) are the authors' code's.
SCHEDULE = {"weight_decay": 1e-4, "adversarial_epochs": 30, **hardening.OFF}
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {name: PAPER[name] for name in ("height", "width", *WIDTHS)}
    | {
        "discriminator": (4096, 512),
        "schedule": SCHEDULE
        | {
            "batch_size": 128,
            "learning_rate": 1e-4,
            "attribute_epochs": 20,
            "information_epochs": 20,
            "adversarial_learning_rate": 1e-4,
        },
    },
    "compact": {name: COMPACT[name] for name in ("height", "width", *WIDTHS)}
    | {
        "discriminator": (128, 32),
        "schedule": SCHEDULE
        | {
            "batch_size": 64,
            "learning_rate": 1e-3,
            "attribute_epochs": 8,
            "information_epochs": 8,
            "adversarial_learning_rate": 1e-3,
        },
    },
}


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Extractor, private-attribute head and discriminator; pretraining of the first two, then of
    the third, then the hybrid training of Figure 2.

    Raises PenumbraError where the run names no private attribute.
    """
    from core import losses
    from core.nets import vgg
    from core.nets.mutual_information import MutualInformationDiscriminator, mismatched, one_hot

    if not run.private:
        raise PenumbraError("PRIC hides private attributes: name at least one")
    schedule = settings["schedule"]
    weight = run.knobs["lambda"]
    private = columns(attributes, run.private)

    outputs, channels = len(private), settings["encoder"]
    height, width = settings["height"], settings["width"]
    extractor = vgg.seeded(run.seed, "extractor", lambda: vgg.Obfuscator(channels))
    own, shape = partial(classifier, settings, outputs), (channels[1], height // 4, width // 4)
    heads = hardening.classifiers(run, schedule, "private_head", own, shape, private)
    widths, dense = settings["classifier"], settings["discriminator"]
    discriminator = vgg.seeded(
        run.seed,
        "discriminator",
        lambda: MutualInformationDiscriminator(channels, height, width, widths, dense, 2 * outputs),
    )

    def information(batch: Batch, z: Tensor) -> Tensor:
        others = mismatched(len(batch.x), batch.generator).to(batch.x.device)
        u = one_hot(batch.attributes[:, private])
        return losses.jensen_shannon_bound(*discriminator(batch.x, z, u, others))

    def hide_and_retain(batch: Batch) -> dict[str, Tensor]:
        z = extractor(batch.x)
        attribute = heads.cross_entropy(batch, z, schedule["bounded"])
        if not weight:
            return {"total": -attribute, "attribute": attribute}
        retained = information(batch, z)
        total = -attribute - weight * retained  # Eq. 6, which the extractor maximises
        return {"total": total, "attribute": attribute, "information": retained}

    def infer_attribute(batch: Batch) -> dict[str, Tensor]:
        attribute = heads.cross_entropy(batch, extractor(batch.x))
        return {"total": attribute, "attribute": attribute}

    def estimate_information(batch: Batch) -> dict[str, Tensor]:
        estimate = information(batch, extractor(batch.x))
        return {"total": -estimate, "information": estimate}

    estimate = Phase("estimate information", ("discriminator",), estimate_information)
    cycle = (
        Phase("hide and retain", ("extractor",), hide_and_retain),
        Phase("infer attribute", tuple(heads.networks), infer_attribute),
        estimate,
    )
    begun = ("batch_size", "learning_rate", "weight_decay", "attribute_epochs")
    attribute_shared = {
        "stage": "pric attribute",
        "private": run.private,
        "seed": run.seed,
        "widths": {name: settings[name] for name in WIDTHS},
        "schedule": {name: schedule[name] for name in begun},
    }
    information_shared = {
        "stage": "pric information",
        "widths": settings["discriminator"],
        "epochs": schedule["information_epochs"],
    }
    stages = (
        stage_of(
            schedule,
            "attribute",
            (Phase("learn attribute", ("extractor", *heads.networks), infer_attribute),),
            shared=attribute_shared | hardening.described(schedule),
        ),
        stage_of(schedule, "information", (estimate,), shared=information_shared),
        hardening.adversarial_stage(schedule, cycle, ("infer attribute",), heads.fresh),
    )
    return Model(
        networks={"extractor": extractor, **heads.networks, "discriminator": discriminator},
        stages=stages,
        release=lambda x, generator, value: extractor(x),
        training_adversary=heads.networks["private_head"],
    )


PRIC = Method(
    name="pric",
    title="PRIC",
    summary=(
        "The encoder hides the private attribute and keeps everything else it can, because nobody "
        "knows yet what the features will be used for."
    ),
    citation="Li, Duan, Yang, Chen & Yang, PRIC, Eq. 6",
    knobs=(
        Knob(
            name="lambda",
            symbol="λ",
            default=0.1,
            grid=(10.0, 5.0, 1.0, 0.5, 0.1, 0.0),
            help=(
                "How much of the picture the encoder keeps (Eq. 6): more serves more tasks and "
                "hides the private attribute less."
            ),
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#009E73",
    training_only=("private_head", "discriminator"),
    published_sets=PUBLISHED_SETS,
    paper_attackers={},  # section 3.1: "Then, we train a classifier using features …"
    departures=(
        "Eq. 3, as it is printed, trains the simulated attacker to be wrong as well; here, as in Eq. 6, "
        "it learns to be right, and the extractor works against it.",
        "The paper trains with “an adaptive learning rate” and does not say how it changes: here it "
        "stays the same.",
        "Layers, epochs and weight decay are those of its authors' code, which is of a later version "
        "of the method; the paper gives none.",
        "Nothing bounds what fooling the simulated attacker may earn, and none is added.",
        "Its numbers are a classifier's that is trained afterwards; the paper does not say which, here "
        "it is a convolutional one and simpler ones beside it.",
    ),
)

METHODS = (PRIC, hardening.hardened(PRIC, "#00735A"))
