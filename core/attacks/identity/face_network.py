"""The face-verification network of a data set: trained once, on the attacker's people, and kept.

What "face similarity" and the feature-level attack look through. Networks made by others
(`core.embedders`) measure beside it, where a data set names one, and never take its place.
"""

import functools
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from core import losses
from core.attacks import fitting, variation
from core.data import on_device
from core.data.faces import Faces
from core.errors import PenumbraError
from core.metrics import attributes, linking
from core.nets.face_embedding import DIMENSIONS, SMALLEST, FaceEmbedding
from core.seeding import seeded
from core.storage import dataset_folders, files, network_folder

Features = Callable[[Tensor], Tensor]

VERSION = 1  # of the files; another version is trained again, elsewhere
FEWEST_PEOPLE = 32  # of the attacker, with two photographs: fewer teach nothing about others
MARGIN, SCALE = 0.3, 24.0  # of the cosine, as CosFace's; the scale fits a few hundred people
BATCH = 64
LEARNING_RATE, WEIGHT_DECAY = 4e-3, 5e-2
EPOCHS, FEWEST_STEPS, MOST_STEPS = 25, 200, 20_000
LOOKS, PATIENCE = 12, 4  # looks at validation pairs in a whole training; those without a gain
MOST_LOOKED_AT = 2000  # photographs


def face_features(faces: Faces, device: torch.device, progress: bool = False) -> Features | None:
    """x float (n, 3, H, W) in [0, 1] -> unit vectors (n, d), differentiable in x; None where the
    data set holds too few people. The network is read, or trained, at the first call."""
    if not possible(faces):
        return None
    network = functools.cache(lambda: face_network(faces, device, progress))
    return lambda x: network()(x)


def possible(faces: Faces) -> bool:
    """Whether there are enough people with two photographs each, `FEWEST_PEOPLE` of the attacker's
    and two for validation, and faces large enough to tell apart."""
    enough = {"attacker": FEWEST_PEOPLE, "validation": 2}
    large = min(faces.height, faces.width) >= SMALLEST
    return large and all(len(_several(faces, s)[1]) >= n for s, n in enough.items())


def face_network(faces: Faces, device: torch.device, progress: bool = False) -> Features:
    """The network of `faces`, on `device`, in eval mode, without gradients for its weights.

    Trained where the data set's folder does not hold it yet: minutes on one core for some thousands
    of photographs. Raises PenumbraError where the data set has too few people or the files are
    damaged, or of another data set or version.
    """
    if not possible(faces):
        raise PenumbraError(
            f"{faces.dataset} has too few people with two photographs for a face network"
        )
    folder = dataset_folders.face_network(faces)
    network_folder.make_once(folder, lambda: _made(faces, device, progress), device.type)
    network = read(folder, faces).to(device)
    return lambda x: network(x.contiguous(memory_format=torch.channels_last))


def read(folder: Path, faces: Faces) -> nn.Module:
    """The network in `folder`, on the CPU. Raises PenumbraError when it is not that of `faces`."""
    tensors = network_folder.read(folder, _trained_on(faces))
    network = FaceEmbedding(faces.height, faces.width)
    files.fill_networks({"face": network}, tensors, folder)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def _trained_on(faces: Faces) -> dict[str, Any]:
    """What a network's record has to say for it to be that of `faces`."""
    return network_folder.of_faces(VERSION, faces)


def _made(faces: Faces, device: torch.device, progress: bool) -> network_folder.Made:
    """Train the network, round it and measure what is left."""
    network, learned = _train(faces, device, progress)
    rounded = files.rounded({"face": network})
    rows = faces.indices("test")
    test = scored(_embedded(network, faces, rows, device), faces, rows)
    record = _trained_on(faces) | learned
    record |= {"dataset": faces.dataset, "test": test}
    if progress:
        test = test or {"verification_auc": math.nan, "tar_at_far_1e-2": math.nan}
        tqdm.write(
            f"face network of {faces.dataset}: AUC {test['verification_auc']:.4f}, "
            f"TAR {test['tar_at_far_1e-2']:.3f} at FAR 1e-2 on test people"
        )
    return rounded, record


def scored(
    found: NDArray[np.float32], faces: Faces, rows: NDArray[np.int64]
) -> dict[str, Any] | None:
    """AUC and TAR at FAR 1e-2, with their intervals (`core.metrics.linking`), of pairs of the
    photographs `rows` in which a network sees the unit vectors `found` (n, d); None without pairs.
    """
    pairs = linking.gallery_pairs(faces.identities[rows], faces.images[rows])
    if not len(pairs.same):
        return None
    scores = linking.score(pairs, linking.nearness(found, found, pairs), faces.identities[rows])
    return {
        **{metric: round(value, 4) for metric, (value, _, _) in scores.items()},
        **{f"{metric}_interval": [round(v, 4) for v in s] for metric, (_, s, _) in scores.items()},
        "pairs": len(pairs.same),
        "people": len(np.unique(faces.identities[rows][pairs.first])),
    }


def _several(faces: Faces, split: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Photographs of the people of a split who have two, and those people."""
    rows = faces.indices(split)
    people, codes, counts = np.unique(
        faces.identities[rows], return_inverse=True, return_counts=True
    )
    return rows[counts[codes] > 1], people[counts > 1]


def _photographs(faces: Faces, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    """x (n, 3, H, W) in [0, 1]."""
    return on_device.read(faces, rows).to(device).float() / 255


def _embedded(
    network: nn.Module, faces: Faces, rows: NDArray[np.int64], device: torch.device
) -> NDArray[np.float32]:
    network.eval()
    parts = np.split(rows, range(256, len(rows), 256))
    with torch.no_grad():
        return torch.cat([network(_photographs(faces, p, device)).cpu() for p in parts]).numpy()


def _train(faces: Faces, device: torch.device, progress: bool) -> tuple[nn.Module, dict[str, Any]]:
    """The network, and how it was trained: with a margin softmax over the attacker's people
    (CosFace) and a learning rate that falls along half a cosine; over early where it does not tell
    validation people apart any better."""
    rows, people = _several(faces, "attacker")
    codes = torch.from_numpy(np.searchsorted(people, faces.identities[rows]))
    steps = min(MOST_STEPS, max(FEWEST_STEPS, EPOCHS * len(rows) // BATCH))
    every = max(1, steps // LOOKS)
    looks: list[float] = []
    generator = torch.Generator().manual_seed(0)
    bar = tqdm(total=steps, unit="step", desc="face network", disable=not progress)
    with seeded(generator, device), bar:
        network = FaceEmbedding(faces.height, faces.width).to(device)
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # Of length 1: a longer vector turns more slowly at the same learning rate.
        begin = functional.normalize(torch.randn(len(people), DIMENSIONS))
        persons = nn.Parameter(begin.to(device))
        optimiser = torch.optim.AdamW(
            [*network.parameters(), persons], LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )

        def batches() -> Iterator[Tensor]:
            order = torch.zeros(0, dtype=torch.int64)
            for step in range(1, steps + 1):
                if len(order) < min(BATCH, len(rows)):
                    order = torch.cat((order, torch.randperm(len(rows), generator=generator)))
                falling = (1 + math.cos(math.pi * step / steps)) / 2
                for group in optimiser.param_groups:
                    group["lr"] = LEARNING_RATE * min(1, step / 60) * falling
                yield order[:BATCH]
                order = order[BATCH:]

        def loss(batch: Tensor) -> Tensor:
            x = variation.varied(_photographs(faces, rows[batch.numpy()], device), generator)
            with fitting.half_precision(device):
                found = network(x.contiguous(memory_format=torch.channels_last))
            cosines = found.float() @ functional.normalize(persons).T
            return losses.margin_softmax(cosines, codes[batch].to(device), MARGIN, SCALE)

        def look(average: nn.Module) -> float:
            looks.append(_validation_auc(average, faces, device))
            bar.set_postfix(validation=f"{looks[-1]:.4f}")
            return looks[-1]

        stream = batches()
        rounds = (islice(stream, every) for _ in range(-(-steps // every)))
        recipe = fitting.Recipe(LEARNING_RATE, enough=0, patience=PATIENCE, drops=1)
        patience = fitting.Patience(optimiser, recipe)
        fitted, best = fitting.fit(
            network, optimiser, rounds, loss, look, patience, afterwards=bar.update
        )
    return fitted, {
        "people": len(people),
        "photographs": len(rows),
        "steps": min(steps, every * (looks.index(best) + 1)),
        "validation_auc": round(best, 4),
    }


def _validation_auc(network: nn.Module, faces: Faces, device: torch.device) -> float:
    """AUC over all pairs of (at most `MOST_LOOKED_AT`) photographs of validation people."""
    rows, people = _several(faces, "validation")
    if len(rows) > MOST_LOOKED_AT:
        each = len(rows) / len(people)
        rows = rows[np.isin(faces.identities[rows], people[: max(2, int(MOST_LOOKED_AT / each))])]
    found = _embedded(network, faces, rows, device)
    first, second = np.triu_indices(len(rows), 1)
    same = faces.identities[rows][first] == faces.identities[rows][second]
    return attributes.auc(same, (found @ found.T)[first, second])
