"""What two machines answer to the very questions that people are asked: one sees what leaves the
device, the other what people see, through the data set's face-verification network."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.attacks.features import standardiser
from core.attacks.identity import face_network
from core.attacks.releases import Release, photographs, released
from core.data.faces import Faces
from core.seeding import seed_of
from core.storage import dataset_folders, whole_folders

# Numbers of releases from which the scale of each coordinate is taken, and photographs of the
# attacker's at least: all 2,824 of the shipped data set, and 0.3 GB of memory.
SCALED_NUMBERS, FEWEST_SCALED = 1 << 26, 200


def by_release(
    release: Release, faces: Faces, asked: Tensor, options: NDArray[np.int64], purpose: str
) -> list[int]:
    """Of each question the option (0: the right one) whose release is nearest to that of the
    question's photograph: Euclidean distance, each coordinate standardised on releases of the
    attacker's people (as the attack `nearest_neighbour`).

    asked    (n, …) releases of the questions' photographs, from which the reconstructions were made
             (for those that `core.evaluate` kept: with other noise, since it keeps no releases)
    options  rows (n, m); each is released once, with noise of its own

    Trivially right where the right option is the photograph that was reconstructed and nothing in
    the release is random.
    """
    attacker = faces.indices("attacker")
    most = max(FEWEST_SCALED, SCALED_NUMBERS // asked[0].numel())
    if len(attacker) > most:  # evenly over the split, whose rows are ordered by person or file
        attacker = attacker[np.linspace(0, len(attacker) - 1, most).astype(np.int64)]
    x = photographs(faces, attacker, asked.device)
    standard = standardiser(released(release, x, seed_of(f"{purpose}/scale")))
    del x
    rows, places = np.unique(options, return_inverse=True)
    shown = photographs(faces, rows, asked.device)
    offered = standard(released(release, shown, seed_of(f"{purpose}/options")))
    distances = [
        (probe - offered[line]).square().sum(1).sqrt().cpu().numpy()
        for probe, line in zip(standard(asked), places.reshape(options.shape), strict=True)
    ]
    return nearest(np.stack(distances), purpose)


def by_picture(
    faces: Faces,
    reconstructions: NDArray[np.uint8],
    options: NDArray[np.int64],
    purpose: str,
    device: torch.device,
) -> Sequence[int | None]:
    """Of each question the option (0: the right one) that looks most like the reconstruction, uint8
    (n, H, W, 3), to the data set's face network (by cosine); None where none was trained. Raises
    PenumbraError where the network's files are damaged."""
    folder = dataset_folders.face_network(faces)
    if not whole_folders.is_done(folder):
        return [None] * len(options)
    network = face_network.read(folder, faces).to(device)

    def seen(x: Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            parts = [network(part.float() / 255).cpu() for part in x.split(64)]
        return torch.cat(parts).numpy()

    rows, places = np.unique(options, return_inverse=True)
    offered = seen(photographs(faces, rows, device))[places.reshape(options.shape)]
    asked = seen(torch.from_numpy(reconstructions.copy()).permute(0, 3, 1, 2).to(device))
    return nearest(-np.einsum("nd,nmd->nm", asked, offered), purpose)


def nearest(distances: NDArray[np.floating], purpose: str) -> list[int]:
    """The position of the smallest of each row of distances (n, m), one of them by lot where several
    are equal: the right option stands first, and a machine that sees nothing must not take it."""
    drawn = np.random.default_rng(seed_of(f"{purpose}/ties"))
    order = np.argsort(drawn.random(distances.shape), axis=1)
    shuffled = np.take_along_axis(distances, order, axis=1)
    first = np.argmin(shuffled, axis=1)
    return [int(line[place]) for line, place in zip(order, first, strict=True)]
