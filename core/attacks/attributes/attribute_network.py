"""The attribute network of a data set: it knows ordinary photographs alone, and reads every attribute
from a picture. Trained once, on the attacker's photographs, and kept.

What is read from redrawn pictures is read by it (`core.attacks.attributes.redrawn`). Under the
paper's protocol, where the photographs are shuffled, it is another one: none may have learned from
a photograph on which it is scored.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.attacks import features, fitting
from core.attacks.attributes import classifiers, scoring
from core.attacks.interface import AttackerView
from core.data.faces import Faces
from core.data.held import Rows, at_need, mapped
from core.metrics.attributes import auc
from core.storage import dataset_folders, files, network_folder

Reads = Callable[[Tensor], Tensor]

VERSION = 1  # of the files; another version is trained again, elsewhere
BATCH = 256  # pictures read at once


def with_reader(
    view: AttackerView, faces: Faces, protocol: str, progress: bool = False
) -> AttackerView:
    """The same with `attributes_in`: the network of `faces` under a protocol, "strict" or "paper", is
    read, or trained, at the first call."""
    network = functools.cache(lambda: attribute_network(view, faces, protocol, progress))
    return replace(view, attributes_in=lambda x: network()(x))


def attribute_network(
    view: AttackerView, faces: Faces, protocol: str, progress: bool = False
) -> Reads:
    """x float (n, 3, H, W) in [0, 1] -> logits float (n, A) of the attributes of `faces`.

    Trained on the attacker's photographs in `view` where the data set's folder does not hold it yet:
    some minutes on one core for some thousands of photographs. Raises PenumbraError where the files
    are damaged, or of another data set or version.
    """
    folder = dataset_folders.attribute_network(faces, protocol)
    network_folder.make_once(
        folder, lambda: _made(view, faces, protocol, progress), view.device.type
    )
    network = read(folder, faces, protocol).to(view.device)
    return lambda x: torch.cat([fitting.predict(network, part) for part in x.split(BATCH)])


class PhotographReader(nn.Module):
    """Photographs (n, 3, H, W) in [0, 1] -> logits (n, A): the network of the attack `cnn` on the
    photographs themselves, with `mean` and `scale` (1, 3, 1, 1) of their colours."""

    def __init__(self, height: int, width: int, attributes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("scale", torch.ones(1, 3, 1, 1))
        self.reader = classifiers.convolutional((4, height, width), attributes)

    def scaler(self) -> features.MapScaler:
        return features.MapScaler(self.get_buffer("mean"), self.get_buffer("scale"))

    def forward(self, x: Tensor) -> Tensor:
        return self.reader(self.scaler()(x))


def read(folder: Path, faces: Faces, protocol: str) -> PhotographReader:
    """The network in `folder`, on the CPU. Raises PenumbraError when it is not that of `faces`."""
    tensors = network_folder.read(folder, _trained_on(faces, protocol))
    network = PhotographReader(faces.height, faces.width, len(faces.attribute_names))
    files.fill_networks({"attributes": network}, tensors, folder)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def _trained_on(faces: Faces, protocol: str) -> dict[str, Any]:
    """What a network's record has to say for it to be that of `faces`."""
    return network_folder.of_faces(VERSION, faces) | {
        "attributes": list(faces.attribute_names),
        "protocol": protocol,
    }


def _made(view: AttackerView, faces: Faces, protocol: str, progress: bool) -> network_folder.Made:
    """Train the network, round it and measure what is left."""
    if progress:
        tqdm.write(f"attribute network of {faces.dataset}, {protocol}: training")
    pixels = {part: at_need(view.x[split], _pixels) for part, split in scoring.PARTS.items()}
    labels = scoring.labels_of(view, "attacker", range(len(view.attribute_names)))
    network = _train(view, pixels, labels)
    rounded = files.rounded({"attributes": network})
    found = {part: fitting.predict(network, pixels[part], BATCH) for part in ("validation", "test")}
    test = {
        name: _number(auc(truth, logits.double().cpu().numpy()))
        for name, truth, logits in zip(
            view.attribute_names, labels["test"].T, found["test"].T, strict=True
        )
    }
    validation = scoring.qualities(labels["validation"], found["validation"])
    record = _trained_on(faces, protocol) | {
        "photographs": len(pixels["train"]),
        "validation": _number(float(validation.mean())),
        "dataset": faces.dataset,
        "test_auc": test,
    }
    if progress:
        tqdm.write(f"attribute network of {faces.dataset}, {protocol}: AUC {test} on test people")
    return rounded, record


def _train(
    view: AttackerView, pixels: Mapping[str, Rows], labels: scoring.Labels
) -> PhotographReader:
    """A network trained as `cnn` is, but kept whole as it reads the validation photographs best."""
    generator = torch.Generator().manual_seed(0)
    scaler = features.map_scaler(pixels["train"])
    data = {part: mapped(pixels[part], scaler) for part in ("train", "validation")}
    shape, outputs = tuple(data["train"].shape[1:]), labels["train"].shape[1]

    def look(average: nn.Module) -> float:
        logits = fitting.predict(average, data["validation"])
        return float(scoring.qualities(labels["validation"], logits).mean())

    reader = classifiers.train_network(
        partial(classifiers.convolutional, shape, outputs),
        data["train"],
        labels["train"],
        look,
        generator,
        replace(classifiers.RECIPE, least_steps=classifiers.fewest_steps(shape)),
        partial(features.flip_some, generator=generator),
        weighted=not view.plain,
    )
    network = PhotographReader(shape[1], shape[2], outputs).to(view.device)
    network.reader.load_state_dict(reader.state_dict())
    network.load_state_dict(network.state_dict() | {"mean": scaler.mean, "scale": scaler.scale})
    return network.eval()


def _pixels(x: Tensor) -> Tensor:
    return x.float() / 255


def _number(value: float) -> float | None:
    """None where a group holds a single class, so that there is no AUC."""
    return round(float(value), 4) if np.isfinite(value) else None
