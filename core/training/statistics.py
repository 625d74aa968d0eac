"""The running statistics of batch norm, estimated anew once a training has ended.

While they are trained, encoder and adversaries see each other with the statistics of the batch, and
their running averages lag behind weights that still move: an adversary that is scored with them is
another network than the one that learned. Izmailov et al., UAI 2018, section 3.2.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from core.data.faces import Faces
from core.data.on_device import read
from core.methods import Model
from core.seeding import generator_for

BATCH = 128  # photographs; their statistics are averaged over all batches alike
BatchNorm = nn.modules.batchnorm._BatchNorm
READERS = ("own_head", "own_verifier", "training_adversary", "training_reconstructor")


def estimate_anew(model: Model, faces: Faces, value: float | None, device: torch.device) -> None:
    """Give every layer of batch norm that a release, or what reads releases, passes through the mean
    of its statistics over the defender's photographs, with the weights as they are. First those of
    the release, then those of its readers, on what is then released. Nothing else of the frozen
    model changes.

    value  of the release-time knob, or None
    """
    rows = faces.indices("defender")
    parts = torch.from_numpy(rows).tensor_split(-(-len(rows) // BATCH))

    def releases() -> Iterator[Tensor]:
        generator = generator_for("batch norm")
        for part in parts:
            x = read(faces, part.numpy()).to(device).float() / 255
            yield model.release(x, generator, value)

    left = [layer for network in model.networks.values() for layer in _layers(network)]
    left = _estimated(left, releases(), lambda z: None)
    for name in READERS:
        if (reader := getattr(model, name)) is not None:
            left = _estimated(left, releases(), reader)


def _layers(network: nn.Module) -> Iterator[BatchNorm]:
    return (layer for layer in network.modules() if isinstance(layer, BatchNorm))


@torch.no_grad()
def _estimated(
    layers: list[BatchNorm], releases: Iterable[Tensor], reader: Callable[[Tensor], object]
) -> list[BatchNorm]:
    """Those of `layers` that nothing has passed through; the statistics of the others are new."""
    with _averaging(layers):
        for z in releases:
            reader(z)
        return [layer for layer in layers if layer.num_batches_tracked == 0]


@contextmanager
def _averaging(layers: list[BatchNorm]) -> Iterator[None]:
    """Statistics start anew and become plain means over batches; where no batch came they are as
    they were."""
    before = [(layer, layer.momentum, layer.state_dict()) for layer in layers]
    kept = [{name: value.clone() for name, value in state.items()} for _, _, state in before]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    try:
        yield
    finally:
        for (layer, momentum, _), state in zip(before, kept, strict=True):
            layer.momentum = momentum
            layer.eval()
            if layer.num_batches_tracked == 0:
                layer.load_state_dict(state)
