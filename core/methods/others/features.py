"""What several of these methods start from: the task network that `original` trains, the vector in
front of its last layer, and a stage without steps in which something is solved on those vectors.
"""

from collections.abc import Callable, Iterator
from typing import Any

from core.errors import PenumbraError
from core.methods.declare import Batch, Stage
from core.run import Run
from core.torch_types import Module, Tensor

PHOTOGRAPHS = 50_000  # that a closed form is solved on, at most


def penultimate(networks: dict[str, Module], x: Tensor) -> Tensor:
    """Photographs x (B, 3, H, W) in [0, 1] -> what the last layer of the task network reads: (B,
    `fully_connected`), non-negative."""
    classifier: Any = networks["classifier"]
    flat = classifier.flatten(classifier.features(networks["obfuscator"](x)))
    features: Tensor = classifier.head[:-1](flat)
    return features


def last_layer(networks: dict[str, Module], features: Tensor) -> Tensor:
    """Logits (B, tasks) of `penultimate` features."""
    classifier: Any = networks["classifier"]
    logits: Tensor = classifier.head[-1](features)
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
