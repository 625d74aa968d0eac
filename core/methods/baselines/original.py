"""`original`: an encoder and a classifier trained for the tasks alone, features released as they are.

Their training is the first pretraining of DeepObfuscator; here it goes on for as many steps as
Algorithm 1 gives the obfuscator.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.methods.declare import UNPROTECTED, Batch, Method, Model, Phase, Stage, columns, stage_of
from core.run import Run
from core.torch_types import Module, Tensor

# DeepObfuscator Table 1 at CelebA's aligned size; the schedule's numbers of epochs are ours (the
# paper gives none), batch size and optimiser the paper's, the learning rate its authors' code's.
PAPER: dict[str, Any] = {
    "height": 218,
    "width": 178,
    "encoder": (64, 128),
    "classifier": (256, 512, 512),
    "fully_connected": 4096,
    "schedule": {"batch_size": 64, "learning_rate": 1e-4, "task_epochs": 10},
}
# The same topology for two CPU cores.
COMPACT: dict[str, Any] = {
    "height": 64,
    "width": 64,
    "encoder": (16, 32),
    "classifier": (32, 48, 48),
    "fully_connected": 64,
    "schedule": {"batch_size": 64, "learning_rate": 1e-3, "task_epochs": 16},
}
# Two of the four batches of Algorithm 1's cycle train the obfuscator: half of its 20 epochs.
CONTINUED = {"continued_epochs": 10}
PRESETS = {
    name: preset | {"schedule": preset["schedule"] | CONTINUED}
    for name, preset in (("paper", PAPER), ("compact", COMPACT))
}


def task_networks(run: Run, settings: dict[str, Any]) -> dict[str, Module]:
    """`obfuscator` and `classifier` of Table 1, freshly initialised from the run's seed."""
    from core.nets import vgg

    build: dict[str, Callable[[], Module]] = {
        "obfuscator": lambda: vgg.Obfuscator(settings["encoder"]),
        "classifier": lambda: classifier(settings, len(run.tasks)),
    }
    return {name: vgg.seeded(run.seed, name, make) for name, make in build.items()}


def classifier(settings: dict[str, Any], outputs: int, factor: float = 1.0) -> Module:
    """The classifier architecture of Table 1, also the adversary classifier's; all its widths times
    `factor`."""
    from core.methods.papers.hardening import widened
    from core.nets import vgg

    return vgg.Classifier(
        settings["encoder"][1],
        settings["height"] // 4,
        settings["width"] // 4,
        widened(settings["classifier"], factor),
        widened(settings["fully_connected"], factor),
        outputs,
    )


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Obfuscator and classifier of DeepObfuscator's Table 1 without adversarial training: the
    paper's second baseline."""
    networks = task_networks(run, settings)
    first = task_stage(run, settings, networks, attributes)
    epochs = settings["schedule"]["continued_epochs"]
    shared = {"stage": "task, continued", "epochs": epochs}
    return Model(
        networks=networks,
        stages=(first, replace(first, name="task, continued", epochs=epochs, shared=shared)),
        release=lambda x, generator, value: networks["obfuscator"](x),
        own_head=networks["classifier"],
    )


def task_stage(
    run: Run, settings: dict[str, Any], networks: dict[str, Module], attributes: tuple[str, ...]
) -> Stage:
    """Joint training of obfuscator and classifier on the tasks (DeepObfuscator Eq. 2)."""
    from core import losses

    tasks = columns(attributes, run.tasks)
    schedule = settings["schedule"]

    def task_losses(batch: Batch) -> dict[str, Tensor]:
        logits = networks["classifier"](networks["obfuscator"](batch.x))
        task = losses.cross_entropy(logits, batch.attributes[:, tasks])
        return {"total": task, "task": task}

    return stage_of(
        schedule,
        "task",
        (Phase("task", ("obfuscator", "classifier"), task_losses),),
        shared={
            "stage": "task",
            "tasks": run.tasks,
            "seed": run.seed,
            "widths": {k: settings[k] for k in ("encoder", "classifier", "fully_connected")},
            "schedule": {k: schedule[k] for k in ("batch_size", "learning_rate", "task_epochs")},
        },
    )


ORIGINAL = Method(
    name=UNPROTECTED,
    title="Unprotected features",
    summary="The encoder is trained for the task alone. Its features leave the device as they are.",
    citation="DeepObfuscator, section 4.3, the baseline without adversarial training",
    knobs=(),
    presets=PRESETS,
    build=build,
    color="#6B7280",
    baseline=True,
)

METHODS = (ORIGINAL,)
