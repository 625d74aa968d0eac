"""DeepObfuscator (Li, Guo, Yang, Chen; AAAI-21 workshop version, arXiv 1909.04126).

An obfuscator O and a classifier C play against two attackers that are trained along with them: an
adversary classifier AC that wants the private attributes, and an adversary reconstructor AR that
wants the picture back.

Where the authors' code and the paper differ, the `paper` preset is the paper: Algorithm 1's cycle
of four batches (the code uses five), lambda fixed (the code lets a weight fall from 10 to 1). Eq. 8
compares with "one additional Gaussian noise image", which the code keeps for the whole training, too:
no reconstructor can match an image that is drawn anew for every photograph (`fixed_noise` 0). From
the code: the learning rate. Ours: the numbers of epochs, the learning rate's staying constant, and
MS-SSIM's contrast terms are clamped (`core.losses`).

lambda1 = 0 or lambda2 = 0 defends against one attacker only (section 4.2, Figure 2): the batch of
the cycle that the other attacker had trains the obfuscator on the tasks alone. That attacker goes
on learning; no weight of the others depends on it.

A network that a phase does not train takes part with batch statistics and keeps all its weights
and buffers: with its running statistics the obfuscator could win by shifting the scale of its
features, which stops no attacker that is trained afterwards.
"""

from functools import partial
from typing import Any

from core.methods.baselines.original import COMPACT, PAPER, classifier, task_networks, task_stage
from core.methods.declare import Batch, Choice, Knob, Method, Model, Phase, columns, stage_of
from core.methods.papers import hardening
from core.run import Run
from core.torch_types import Generator, Tensor

# Section 4.5: (tasks, private attributes) under the paper's numbers.
TEST_SETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "1": (("Smiling",), ("Male",)),
    "2": (("High_Cheekbones",), ("Male",)),
    "3": (("Smiling", "High_Cheekbones"), ("Male",)),
    "4": (("Smiling",), ("Male", "Heavy_Makeup")),
    "5": (("High_Cheekbones",), ("Male", "Heavy_Makeup")),
    "6": (("Smiling", "High_Cheekbones"), ("Male", "Heavy_Makeup")),
}
PRESETS = {
    name: preset
    | {
        "schedule": preset["schedule"]
        | {"adversary_epochs": epochs, "adversarial_epochs": 20, "adversarial_learning_rate": rate}
        | {"fixed_noise": 1}
        | hardening.OFF
    }
    for name, preset, epochs, rate in (("paper", PAPER, 5, 1e-4), ("compact", COMPACT, 10, 1e-3))
}


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Networks of Table 1 and the schedule of section 3.5: pretrain O and C, then AC and AR on the
    frozen O, then Algorithm 1."""
    import torch

    from core import losses
    from core.nets import vgg
    from core.seeding import generator_for

    schedule = settings["schedule"]
    lambda1, lambda2 = run.knobs["lambda1"], run.knobs["lambda2"]
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)

    networks = task_networks(run, settings)
    obfuscator, task_classifier = networks["obfuscator"], networks["classifier"]
    height, width, channels = settings["height"], settings["width"], settings["encoder"]
    shape = (channels[1], height // 4, width // 4)
    own = partial(classifier, settings, len(private))
    classifiers = hardening.classifiers(run, schedule, "adversary_classifier", own, shape, private)
    mirrored = partial(vgg.MirroredDecoder, channels, height, width)
    reconstructors = hardening.decoders(
        run, schedule, "adversary_reconstructor", mirrored, shape, height, width
    )
    adversaries = classifiers.networks | reconstructors.networks

    def drawn(count: int, generator: Generator) -> Tensor:
        noise = torch.randn((count, 3, height, width), generator=generator)
        return noise.mul_(0.25).add_(0.5).clamp_(0, 1)

    # The first recipe drew it anew, whatever its schedule says.
    fixed = bool(schedule["fixed_noise"]) and run.recipe > 1
    one_image = drawn(1, generator_for(f"{run.seed}/noise image")) if fixed else None

    def noise_image(batch: Batch) -> Tensor:
        """I_noise of Eq. 8: N(.5, .25^2) clipped to [0, 1], as large as x."""
        if one_image is not None:
            return one_image.to(batch.x).expand_as(batch.x)
        return drawn(len(batch.x), batch.generator).to(batch.x)

    def task_loss(batch: Batch, z: Tensor) -> Tensor:
        return losses.cross_entropy(task_classifier(z), batch.attributes[:, tasks])

    def reconstruction_losses(z: Tensor, *targets: Tensor) -> list[Tensor]:
        """Eqs. 6 and 8: what the reconstructions from z lack of each target."""
        pictures = [network(z) for network in reconstructors.networks.values()]
        return [torch.stack([losses.dissimilarity(x, p) for p in pictures]).mean() for x in targets]

    def defend_pictures(batch: Batch) -> dict[str, Tensor]:
        z = obfuscator(batch.x)
        task = task_loss(batch, z)
        if not lambda2:
            return {"total": task, "task": task}
        original, noise = reconstruction_losses(z, batch.x, noise_image(batch))
        total = task + lambda2 * (noise - original)  # Eq. 9
        return {"total": total, "task": task, "reconstruction": original, "noise": noise}

    def defend_attributes(batch: Batch) -> dict[str, Tensor]:
        z = obfuscator(batch.x)
        task = task_loss(batch, z)
        if not lambda1:
            return {"total": task, "task": task}
        attribute = classifiers.cross_entropy(batch, z, schedule["bounded"])
        return {"total": task - lambda1 * attribute, "task": task, "attribute": attribute}  # Eq. 5

    def attack(batch: Batch) -> dict[str, Tensor]:
        z = obfuscator(batch.x)
        (reconstruction,) = reconstruction_losses(z, batch.x)
        attribute = classifiers.cross_entropy(batch, z)
        return {
            "total": reconstruction + attribute,  # disjoint networks: each gets its own gradient
            "reconstruction": reconstruction,
            "attribute": attribute,
        }

    task = task_stage(run, settings, networks, attributes)
    attacking = Phase("attack", tuple(adversaries), attack)
    # Algorithm 1: batch idx mod 4 == 0, 1, 2, 3
    cycle = (
        Phase("defend pictures", ("obfuscator",), defend_pictures),
        Phase("defend attributes", ("obfuscator",), defend_attributes),
        attacking,
        Phase("recover classifier", ("classifier",), task.phases[0].losses),
    )
    pretrained = {
        "stage": "deep_obfuscator adversaries",
        "private": run.private,
        "epochs": schedule["adversary_epochs"],
    }
    stages = (
        task,
        stage_of(
            schedule,
            "adversaries",
            (attacking,),
            "adversary",
            shared=pretrained | hardening.described(schedule),
        ),
        hardening.adversarial_stage(
            schedule,
            cycle,
            ("attack",),
            lambda number: classifiers.fresh(number) | reconstructors.fresh(number),
        ),
    )
    return Model(
        networks=networks | adversaries,
        stages=stages,
        release=lambda x, generator, value: obfuscator(x),
        own_head=task_classifier,
        training_adversary=adversaries["adversary_classifier"],
        training_reconstructor=adversaries["adversary_reconstructor"],
    )


DEEP_OBFUSCATOR = Method(
    name="deep_obfuscator",
    title="DeepObfuscator",
    summary=(
        "The encoder is trained against two simulated attackers, one that guesses the private "
        "attribute and one that redraws the picture."
    ),
    citation="Li, Guo, Yang & Chen, DeepObfuscator, Algorithm 1",
    knobs=(
        Knob(
            name="lambda1",
            symbol="λ₁",
            default=1.0,
            grid=(0.0, 0.5, 1.0, 2.0, 5.0, 10.0),
            help="How hard the encoder works against guessing the private attribute (Eq. 5).",
        ),
        Knob(
            name="lambda2",
            symbol="λ₂",
            default=1.0,
            grid=(0.0, 0.5, 1.0, 2.0, 5.0, 10.0),
            help="How hard the encoder works against redrawing the picture (Eq. 9).",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#0072B2",
    choices=(
        Choice(
            "fixed_noise",
            ("a noise image for each photograph", "one for all"),
            "a noise image for each photograph",
        ),
    ),
    training_only=("adversary_classifier", "classifier"),
    published_sets=TEST_SETS,
    own_pictures="Figures 2 and 4",
    departures=(
        "The paper trains with “an adaptive learning rate” and does not say how it changes: here it "
        "stays the same within each part of the training, at the published size that of its authors' "
        "code.",
        "The paper does not say how long each part of the training lasts; the numbers of epochs are "
        "ours.",
        "The noise image of Eq. 8 is one for the whole training, as in the authors' code; the schedule "
        "entry fixed_noise = 0 draws another one for each photograph.",
        "The authors' code takes turns in fives and lets the weight of hiding fall from 10 to 1; here, "
        "as in the paper, in fours (Algorithm 1) with the weight that the knobs say.",
    ),
)

METHODS = (DEEP_OBFUSCATOR, hardening.hardened(DEEP_OBFUSCATOR, "#005A8C"))
