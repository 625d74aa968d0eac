"""MaxEnt-ARL: Roy & Boddeti, "Mitigating information leakage in image representations: a maximum entropy
approach", CVPR 2019.

An encoder E and a task network T play against a discriminator D that learns the private
attributes from E's vector by maximum likelihood. It is no zero-sum game: E does not want D to be wrong,
but to know nothing,

    min over E, T:  cross-entropy of T  +  alpha * KL(q_D(s | E(x)) || uniform),

whose second term needs no private label. One batch each, in turns. E and T are the task network of
`original`, divided in front of its last layer.
"""

from typing import Any

from core.methods.baselines.original import COMPACT, PAPER, task_networks, task_stage
from core.methods.declare import Batch, Knob, Method, Model, Phase, columns, stage_of
from core.methods.others import features
from core.run import Run
from core.torch_types import Tensor

PRESETS = {
    name: preset
    | {
        "schedule": preset["schedule"]
        | {"adversary_epochs": before, "adversarial_epochs": 20, "adversarial_learning_rate": rate}
    }
    for name, preset, before, rate in (("paper", PAPER, 5, 1e-4), ("compact", COMPACT, 5, 1e-3))
}


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Pretrain E and T on the tasks, D on the frozen E, then let them take turns. Raises PenumbraError
    where nothing is private."""
    from core import losses
    from core.nets.adversaries import Dense
    from core.nets.vgg import seeded

    features.need_private(run)
    schedule, alpha = settings["schedule"], run.knobs["alpha"]
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)
    networks = task_networks(run, settings)
    width = settings["fully_connected"]
    discriminator = seeded(run.seed, "discriminator", lambda: Dense((width, 1, 1), len(private)))

    def code_of(x: Tensor) -> Tensor:
        return features.penultimate(networks, x)

    def encode(batch: Batch) -> dict[str, Tensor]:
        z = code_of(batch.x)
        task = losses.cross_entropy(features.last_layer(networks, z), batch.attributes[:, tasks])
        knowing = losses.divergence_from_guessing(discriminator(z))
        return {"total": task + alpha * knowing, "task": task, "knowing": knowing}

    def attack(batch: Batch) -> dict[str, Tensor]:
        guess = losses.cross_entropy(discriminator(code_of(batch.x)), batch.attributes[:, private])
        return {"total": guess, "guess": guess}

    attacking = Phase("attack", ("discriminator",), attack)
    encoding = Phase("encode", ("obfuscator", "classifier"), encode)
    shared = {"stage": "maxent_arl discriminator", "private": run.private}
    shared["epochs"] = schedule["adversary_epochs"]
    return Model(
        networks=networks | {"discriminator": discriminator},
        stages=(
            task_stage(run, settings, networks, attributes),
            stage_of(schedule, "discriminator", (attacking,), "adversary", shared=shared),
            stage_of(schedule, "adversarial", (encoding, attacking)),
        ),
        release=lambda x, generator, value: code_of(x),
        own_head=lambda z: features.last_layer(networks, z),
        training_adversary=discriminator,
    )


MAXENT_ARL = Method(
    name="maxent_arl",
    title="MaxEnt-ARL",
    summary=(
        "The encoder is trained until a simulated attacker cannot tell which answer is the likelier "
        "one, rather than until it answers wrongly."
    ),
    citation="Roy & Boddeti, Mitigating information leakage in image representations: a maximum entropy approach",
    knobs=(
        Knob(
            name="alpha",
            symbol="α",
            default=1.0,
            grid=(0.0, 0.1, 0.5, 1.0, 5.0, 10.0),
            help="How hard the encoder works towards an attacker that knows nothing.",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#C2255C",
    release_kind="code",
    training_only=("discriminator",),
    paper_attackers={},
    departures=(
        "The paper's encoder is a ResNet-18; here it is the task network up to its last layer.",
        "The paper adds the second term with weight α; its authors' code weighs the task with 1 - α.",
        "The task network and the discriminator are trained by themselves before the game begins; the "
        "paper does not say where it begins. The numbers of epochs are ours.",
        "The discriminator has two hidden layers with batch norm, without the authors' dropout.",
        "With several private attributes the discriminator tells each for itself.",
    ),
)

METHODS = (MAXENT_ARL,)
