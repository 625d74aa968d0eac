"""Adversarial reconstruction (Xiao, Tsai, Sohn, Chandraker, Yang; AAAI-20).

A ResNet is cut at one of six layers. The device runs the part before the cut (Enc); the service
runs the rest and two fully connected layers (f). A decoder that reconstructs the picture from the
released features is trained along with them, and Enc is trained to make it fail. What is protected
is the picture: private attributes that a run names are only measured.

Enc and f learn on the protector's photographs (X1), the decoder and its discriminator D on the
adversary's (X2), which show other people. Pretraining is Enc and f on the tasks, then the decoder
on the frozen Enc; after that one batch for the decoder (before it one for D where mu1 > 0) and one
for Enc and f take turns.

What the paper leaves open. Input size: Figure 6's 2048*7*7 says 224x224. Weights: ResNet starts
from scratch. Reductions: all losses are means, in the pixel range [-1, 1] of Figure 6's Tanh (the
decoder here maps to [0, 1] afterwards), features of g as `core.nets.perceptual` says. f's first
layer, D, learning rates, weight decay (1e-4 as He et al. train ResNet) and epochs are in the
presets. The in-training decoder's mu1 and mu2 are 0 unless the schedule says otherwise: rows 2 and
4 of Table 1 attack one Enc with two decoders; Table 2 has lambda1 = mu2 = 1 throughout.

Ours: a stem for small pictures (schedule entry `stem` = 1), 3x3 without stride and all layers twice as
wide. At 64 pixels ResNet's own leaves 4x4 behind conv4, and a network that sees a smile badly.

Ours: the losses that Enc maximises count, photograph by photograph, up to the loss of answering
with the mean face of the batch: an attacker who knows what faces look like can do no worse. Without
that bound (schedule entry `bounded` = 0) Enc is paid for driving the decoder into absurd pictures.

A network that a phase does not train takes part with batch statistics (see `deep_obfuscator`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from core.methods.declare import Batch, Choice, Knob, Method, Model, Phase, columns, stage_of
from core.methods.papers import hardening
from core.run import Run
from core.torch_types import Tensor

LAYERS = ("conv1", "conv2", "conv3", "conv4", "avgpool", "fc")  # `layer` counts them from 0
# mu1 (GAN) and mu2 (perceptual) are the weights of the in-training decoder.
SCHEDULE = hardening.OFF | {
    "batch_size": 64,
    "adversarial_epochs": 20,
    "layer": 5,
    "stem": 0,
    "bounded": 1,
    "mu1": 0.0,
    "mu2": 0.0,
}
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "height": 224,
        "width": 224,
        "block": "bottleneck",
        "blocks": (3, 4, 6, 3),
        "base": 64,
        "outputs": 1000,
        "fully_connected": 512,
        "discriminator": (64, 128, 256, 512),
        "schedule": SCHEDULE
        | {
            "learning_rate": 1e-4,
            "adversarial_learning_rate": 1e-4,
            "weight_decay": 1e-4,
            "task_epochs": 10,
            "adversary_epochs": 5,
        },
    },
    "compact": {
        "height": 64,
        "width": 64,
        "block": "basic",
        "blocks": (2, 2, 2, 2),
        "base": 8,
        "outputs": 64,
        "fully_connected": 48,
        "discriminator": (8, 16, 32, 64),
        "schedule": SCHEDULE
        | {
            "learning_rate": 1e-3,
            "adversarial_learning_rate": 1e-3,
            "weight_decay": 1e-3,
            "task_epochs": 16,
            "adversary_epochs": 10,
        },
    },
}
WIDTHS = ("block", "blocks", "base", "outputs", "fully_connected", "discriminator")


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Networks of Figure 6 cut at the schedule's `layer`, and the alternation of Figure 2."""
    import torch
    from torch.nn import functional

    from core import losses
    from core.nets import perceptual, resnet, vgg

    schedule = settings["schedule"]
    weights = {"pixel": run.knobs["lambda1"], "perceptual": run.knobs["lambda2"]}
    mu1, mu2 = schedule["mu1"], schedule["mu2"]
    layer, outputs = int(schedule["layer"]), settings["outputs"]
    height, width = settings["height"], settings["width"]
    tasks = columns(attributes, run.tasks)

    # The same initial weights wherever it is cut.
    block, base, dense = settings["block"], settings["base"], settings["fully_connected"]
    stride = 2
    if schedule["stem"]:
        stride, base = 1, 2 * base
    built = partial(resnet.resnet, block, settings["blocks"], base, outputs, stride)
    whole = vgg.seeded(run.seed, "resnet", built)
    encoder, rest = whole[: layer + 1], whole[layer + 1 :]
    following = partial(resnet.latent_classifier, rest, outputs, dense, len(run.tasks))
    classifier = vgg.seeded(run.seed, "latent_classifier", following)
    channels = resnet.channels_of(block, base)
    flat = {4: channels[-1:], 5: (outputs,)}
    shape = flat.get(layer) or (channels[layer], *resnet.map_sizes(height, width, stride)[layer])
    own = partial(resnet.InversionDecoder, layer, channels, outputs, height, width, stride=stride)
    decoders = hardening.decoders(run, schedule, "decoder", own, shape, height, width)
    networks = {"encoder": encoder, "latent_classifier": classifier, **decoders.networks}
    if mu1:
        networks["discriminator"] = vgg.seeded(
            run.seed, "discriminator", lambda: resnet.Discriminator(settings["discriminator"])
        )

    # What of a picture is compared, and how: Eqs. 7 and 8.
    measures: dict[str, tuple[Callable[..., Any], Callable[..., Tensor]]] = {
        "pixel": (lambda pictures: pictures, losses.pixel_distance),
        "perceptual": (perceptual.features, losses.perceptual_distance),
    }

    def task_loss(batch: Batch, z: Tensor) -> Tensor:
        """Eq. 6, as a mean over attributes, so that lambda weighs the same against one attribute as
        against all of them."""
        return functional.binary_cross_entropy_with_logits(
            classifier(z), batch.attributes[:, tasks]
        )

    def learn_tasks(batch: Batch) -> dict[str, Tensor]:
        task = task_loss(batch, encoder(batch.x))
        return {"total": task, "task": task}

    def reconstructed(z: Tensor) -> Tensor:
        """The pictures of one decoder after the other (one in the paper): (D * B, 3, H, W)."""
        return torch.cat([decoder(z) for decoder in decoders.networks.values()])

    def repeated(x: Tensor) -> Tensor:
        """What they should have drawn."""
        return x.repeat(len(decoders.networks), 1, 1, 1)

    def discriminate(batch: Batch) -> dict[str, Tensor]:
        judge = networks["discriminator"]
        pictures = reconstructed(encoder(batch.x))
        discrimination = losses.discrimination(judge(batch.x), judge(pictures))
        return {"total": discrimination, "discrimination": discrimination}

    def attack(batch: Batch) -> dict[str, Tensor]:
        pictures, x = reconstructed(encoder(batch.x)), repeated(batch.x)
        parts = {"pixel": losses.pixel_distance(pictures, x).mean()}
        if mu1:
            parts["adversarial"] = losses.adversarial(networks["discriminator"](pictures))
        if mu2:
            wanted = perceptual.features(x)
            distances = losses.perceptual_distance(perceptual.features(pictures), wanted)
            parts["perceptual"] = distances.mean()
        total = losses.inversion(
            parts["pixel"], parts.get("adversarial", 0.0), parts.get("perceptual", 0.0), mu1, mu2
        )
        return {"total": total, **parts}

    def defend(batch: Batch) -> dict[str, Tensor]:
        """Eq. 9, with the bound that is ours."""
        z = encoder(batch.x)
        total = task_loss(batch, z)
        parts = {"task": total}
        against = {name: weight for name, weight in weights.items() if weight}
        if against:
            pictures, x = reconstructed(z), repeated(batch.x)
        for name, weight in against.items():
            seen, distance = measures[name]
            wanted = seen(x)
            distances = distance(seen(pictures), wanted)
            if schedule["bounded"]:
                mean_face = seen(batch.x.mean(0, keepdim=True))
                distances = torch.minimum(distances, distance(mean_face, wanted))
            parts[name] = distances.mean()
            total = total - weight * parts[name]
        return {"total": total, **parts}

    def note() -> dict[str, str]:
        return {"perceptual_network": perceptual.name()} if weights["perceptual"] or mu2 else {}

    def shared(stage: str, *names: str) -> dict[str, Any]:
        described = {
            "stage": f"adversarial_reconstruction {stage}",
            "tasks": run.tasks,
            "seed": run.seed,
            "widths": {name: settings[name] for name in WIDTHS},
            "schedule": {name: schedule[name] for name in names},
        }
        if stage == "decoder":
            described |= hardening.described(schedule)
        return described | ({"g": perceptual.name()} if mu2 and "mu2" in names else {})

    attacks: tuple[Phase, ...] = (Phase("attack", tuple(decoders.networks), attack, "adversary"),)
    if mu1:
        judging = Phase("discriminate", ("discriminator",), discriminate, "adversary")
        attacks = (judging, *attacks)
    both = ("encoder", "latent_classifier")
    begun: tuple[str, ...] = ("batch_size", "learning_rate", "weight_decay", "layer", "task_epochs")
    if schedule["stem"]:  # what was trained before there was this choice stays what it is
        begun += ("stem",)
    stages = (
        stage_of(
            schedule,
            "task",
            (Phase("task", both, learn_tasks, "protector"),),
            shared=shared("task", *begun),
        ),
        stage_of(
            schedule,
            "decoder",
            attacks,
            "adversary",
            weight_decay=0.0,
            shared=partial(shared, "decoder", *begun, "adversary_epochs", "mu1", "mu2"),
        ),
        hardening.adversarial_stage(
            schedule,
            (*attacks, Phase("defend", both, defend, "protector")),
            [phase.name for phase in attacks],
            decoders.fresh,
        ),
    )
    return Model(
        networks=networks,
        stages=stages,
        release=lambda x, generator, value: encoder(x),
        own_head=classifier,
        training_reconstructor=decoders.networks["decoder"],
        notes=note,
    )


ADVERSARIAL_RECONSTRUCTION = Method(
    name="adversarial_reconstruction",
    title="Adversarial reconstruction",
    summary=(
        "The encoder is trained against a simulated attacker who redraws the picture from what is "
        "released; no private attribute has to be named."
    ),
    citation="Xiao, Tsai, Sohn, Chandraker & Yang, AAAI-20, Eq. 9",
    knobs=(
        Knob(
            name="lambda1",
            symbol="λ₁",
            default=1.0,
            grid=(0.0, 0.5, 1.0, 2.0, 5.0),
            help="How hard the encoder works against redrawing the picture's pixels (Eq. 9).",
        ),
        Knob(
            name="lambda2",
            symbol="λ₂",
            default=0.0,
            grid=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0),
            help=(
                "How hard the encoder works against redrawing what the picture looks like: a "
                "perceptual distance in place of pixels (Eq. 9)."
            ),
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#CC79A7",
    private=(),
    reference="adversarial_reconstruction",
    another_network=True,
    choices=(
        Choice("layer", LAYERS, "released behind layer {:g}", released=True),
        Choice("stem", ("ResNet's", "for small pictures, layers twice as wide"), released=True),
        Choice("bounded", ("no", "yes")),
    ),
    training_only=("decoder", "latent_classifier"),
    paper_attackers={},  # Dec^a, trained afterwards on what Enc releases
    departures=(
        "The paper gives no input size (its Figure 6 fits 224 × 224 pixels, which the published size "
        "here has), no learning rates, no epochs, no batch size and no weights of the attacker's "
        "critic and perceptual loss: these are ours.",
        "Weight decay is not mentioned either. Encoder and classifier have 0.0001, as residual networks "
        "were first trained (compact: 0.001), and the decoder beside them the same; while the decoder "
        "is trained alone it has none.",
        "At 64 × 64 pixels ResNet's stem leaves a map of 4 × 4 behind conv4, from which nobody reads a smile "
        "well. With the schedule entry stem = 1 it keeps the size, and all layers are twice as wide.",
        "What the encoder earns by making the decoder fail counts up to the loss of answering with the "
        "mean face: unbounded (schedule entry bounded = 0), training diverges.",
        "The paper compares faces by the third layer of OpenFace; here by the last layer of a network "
        "that is trained on the attacker's people, or of one that you name (`data embedder`).",
        "The perceptual distance is VGG16's where its weights are at hand, else EfficientNet's; run.json "
        "says which.",
    ),
)

METHODS = (ADVERSARIAL_RECONSTRUCTION, hardening.hardened(ADVERSARIAL_RECONSTRUCTION, "#8A4A6E"))
