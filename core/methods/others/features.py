"""What several of these methods start from: features of a network, and a stage without steps in which
something is solved on them.

The closed forms were published on features of networks that were trained for other things, and hold
more than the task needs. Here such a network learns the tasks and what is private side by side, in the
architecture of `original`; its features are the vector in front of its last layer. Of a network that was
trained for the task alone these have little left that could be hidden.
"""

from collections.abc import Callable, Iterator
from typing import Any

from core.errors import PenumbraError
from core.methods.baselines.original import COMPACT, PAPER, classifier
from core.methods.declare import Batch, Phase, Stage, columns, stage_of
from core.run import Run
from core.torch_types import Module, Tensor

PHOTOGRAPHS = 50_000  # that a closed form is solved on, at most
# Of the methods whose features are those of a network that learned tasks and secrets.
PRESETS: dict[str, dict[str, Any]] = {
    name: preset
    | {
        "schedule": {entry: preset["schedule"][entry] for entry in ("batch_size", "learning_rate")}
        | {"attribute_epochs": preset["schedule"]["task_epochs"]}
    }
    for name, preset in (("paper", PAPER), ("compact", COMPACT))
}


def both_network(
    run: Run, settings: dict[str, Any], attributes: tuple[str, ...]
) -> tuple[dict[str, Module], Stage]:
    """`obfuscator` and `classifier` of `original` with an output for each task, then one for each private
    attribute, and the stage that trains them: the same for all knobs."""
    from core import losses
    from core.nets import vgg

    learned = columns(attributes, (*run.tasks, *run.private))
    networks: dict[str, Module] = {
        "obfuscator": vgg.seeded(
            run.seed, "obfuscator", lambda: vgg.Obfuscator(settings["encoder"])
        ),
        "classifier": vgg.seeded(
            run.seed, "classifier of both", lambda: classifier(settings, len(learned))
        ),
    }

    def recognise(batch: Batch) -> dict[str, Tensor]:
        logits = networks["classifier"](networks["obfuscator"](batch.x))
        attribute = losses.cross_entropy(logits, batch.attributes[:, learned])
        return {"total": attribute, "attribute": attribute}

    schedule = settings["schedule"]
    shared = {
        "stage": "tasks and secrets",
        "learned": [*run.tasks, *run.private],
        "seed": run.seed,
        "widths": {k: settings[k] for k in ("encoder", "classifier", "fully_connected")},
        "schedule": {entry: schedule[entry] for entry in PRESETS[run.preset]["schedule"]},
    }
    phase = Phase("recognise", tuple(networks), recognise)
    return networks, stage_of(schedule, "attribute", (phase,), shared=shared)


def penultimate(networks: dict[str, Module], x: Tensor) -> Tensor:
    """Photographs x (B, 3, H, W) in [0, 1] -> what the network's last layer reads: (B, `fully_connected`),
    non-negative."""
    reader: Any = networks["classifier"]
    flat = reader.flatten(reader.features(networks["obfuscator"](x)))
    features: Tensor = reader.head[:-1](flat)
    return features


def last_layer(networks: dict[str, Module], features: Tensor) -> Tensor:
    """Logits (B, outputs) of `penultimate` features."""
    reader: Any = networks["classifier"]
    logits: Tensor = reader.head[-1](features)
    return logits


def solved(
    settings: dict[str, Any],
    networks: dict[str, Module],
    solve: Callable[[Tensor, Tensor], None],
) -> Stage:
    """A stage without steps: `solve(features, attributes)` gets the `penultimate` features float64
    (n, d) of the defender's photographs and all their attributes float64 (n, A).

    The networks are rounded as they will be stored before features are taken, so that what is solved
    holds for what is measured.
    """
    import torch

    from core.storage import files

    def prepare(batches: Callable[[int], Iterator[Batch]]) -> None:
        files.rounded(networks)
        rows = [(penultimate(networks, b.x), b.attributes) for b in batches(PHOTOGRAPHS)]
        features, attributes = (torch.cat(part).double() for part in zip(*rows, strict=True))
        solve(features, attributes)

    batch_size = int(settings["schedule"]["batch_size"])
    return Stage("solve", 0, batch_size, 0.0, phases=(), prepare=prepare)


def need_private(run: Run) -> None:
    """Raises PenumbraError where a run names nothing that could be hidden."""
    if not run.private:
        raise PenumbraError(f"{run.method} needs something to hide: name attributes as private")


def classes(labels: Tensor) -> Tensor:
    """Labels (n, M) of 0 and 1 -> which of their 2 ** M combinations each row has: int64 (n,)."""
    import torch

    places = 2 ** torch.arange(labels.shape[1], device=labels.device)
    return (labels.round().long() * places).sum(1)
