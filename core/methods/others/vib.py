"""VIB: Alemi, Fischer, Dillon & Murphy, "Deep variational information bottleneck", ICLR 2017.

Eq. 17: an encoder gives mean and deviation of a Gaussian, z is drawn from it, and a logistic
regression reads the task from z; training minimises

    cross-entropy of the task from z  +  beta * KL(N(mean, deviation^2) || N(0, 1)),

an upper bound of beta I(X; Z) - I(Z; Y). The draw is what leaves the device: the encoder says itself
where its noise is. Nothing is told to it about anything private.
"""

from typing import Any

from core.methods.baselines.original import COMPACT, PAPER, classifier
from core.methods.declare import Batch, Choice, Knob, Method, Model, Phase, columns, stage_of
from core.run import Run
from core.torch_types import Generator, Tensor

# The paper's 256 numbers on MNIST; where its networks have 1024 units ours have 4096, and 64.
PRESETS: dict[str, dict[str, Any]] = {
    name: preset
    | {
        "schedule": {
            "batch_size": preset["schedule"]["batch_size"],
            "learning_rate": preset["schedule"]["learning_rate"],
            "bottleneck_epochs": epochs,
            "code_width": width,
        }
    }
    for name, preset, epochs, width in (("paper", PAPER, 20, 256), ("compact", COMPACT, 26, 32))
}
SHIFT = 5.0  # deviation = softplus(output - 5), section 4.1


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """The architecture of `original` up to twice as many outputs as the code has numbers, and a
    linear head on the code; all trained at once."""
    import torch
    from torch import nn
    from torch.nn import functional

    from core import losses
    from core.nets import vgg

    schedule, beta = settings["schedule"], run.knobs["beta"]
    tasks, width = columns(attributes, run.tasks), int(schedule["code_width"])
    obfuscator = vgg.seeded(run.seed, "obfuscator", lambda: vgg.Obfuscator(settings["encoder"]))
    gaussian = vgg.seeded(run.seed, "gaussian", lambda: classifier(settings, 2 * width))
    head = vgg.seeded(run.seed, "bottleneck head", lambda: nn.Linear(width, len(tasks)))

    def encode(x: Tensor) -> tuple[Tensor, Tensor]:
        mean, raw = gaussian(obfuscator(x)).chunk(2, 1)
        return mean, functional.softplus(raw - SHIFT)

    def drawn(mean: Tensor, deviation: Tensor, generator: Generator) -> Tensor:
        return mean + deviation * torch.randn(mean.shape, generator=generator).to(mean.device)

    def squeeze(batch: Batch) -> dict[str, Tensor]:
        mean, deviation = encode(batch.x)
        z = drawn(mean, deviation, batch.generator)
        task = losses.cross_entropy(head(z), batch.attributes[:, tasks])
        rate = losses.divergence_from_normal(mean, deviation)
        return {"total": task + beta * rate, "task": task, "rate": rate}

    networks = {"obfuscator": obfuscator, "gaussian": gaussian, "head": head}
    return Model(
        networks=networks,
        stages=(stage_of(schedule, "bottleneck", (Phase("squeeze", tuple(networks), squeeze),)),),
        release=lambda x, generator, value: drawn(*encode(x), generator),
        own_head=head,
    )


VIB = Method(
    name="vib",
    title="Information bottleneck (VIB)",
    summary=(
        "The network pays for every bit it keeps of the picture, and keeps what the task is worth. What "
        "leaves the device is drawn at random, differently each time; nobody has to say what is private."
    ),
    citation="Alemi, Fischer, Dillon & Murphy, Deep variational information bottleneck, Eq. 17",
    knobs=(
        Knob(
            name="beta",
            symbol="β",
            default=0.01,
            grid=(0.0, 0.0001, 0.001, 0.01, 0.1, 0.3),
            help="The price of what is kept of the picture, beside the task (Eq. 17); 0: it is free.",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#3F7F93",
    release_kind="code",
    noisy=True,
    choices=(
        Choice("code_width", words="a code of {:g} numbers", released=True, between=(1, 1000)),
    ),
    paper_attackers={},
    departures=(
        "The paper's encoders are a fully connected network on MNIST and a linear layer on features of "
        "a trained network on ImageNet; here it is the task network's architecture, trained with the rest.",
        "The paper averages the service's answer over twelve draws as well; here it sees one, as the "
        "attacker does.",
        "The paper averages weights over steps and lets the learning rate fall; here neither.",
    ),
)

METHODS = (VIB,)
