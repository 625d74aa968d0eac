"""What the runs of a data set share, beside them in `checkpoints/<dataset>/`.

    _controls/<size>/attacks/strict/<attack>@identity|constant/   the controls' findings
    _originals/<version>/arrays.npz                  photographs that trimmed runs hold no more
    _face_network/<size>/                            the data set's face-verification network
    _attribute_network/<size>/strict|paper/          the network that reads attributes of photographs
    _explain/<size>/<attribute>/                     what is seen in the photographs themselves
    _embedder/choice.json, <size>-<name>-<key>/      a second network, and what it saw

`<version>` is the first 12 digits of the data set's fingerprint, `<size>` `<H>x<W>-<version>`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.run import checkpoints
from core.storage import run_folder

if TYPE_CHECKING:
    from core.data.faces import Faces

SHORT = 12  # digits of a fingerprint or key


def controls(faces: Faces) -> Path:
    return checkpoints() / faces.dataset / "_controls" / _size(faces)


def control(faces: Faces, attack: str, kind: str) -> Path:
    """What one attack found on one kind of control release."""
    return controls(faces) / "attacks" / "strict" / f"{attack}@{kind}"


def face_network(faces: Faces) -> Path:
    return checkpoints() / faces.dataset / "_face_network" / _size(faces)


def attribute_network(faces: Faces, protocol: str) -> Path:
    return checkpoints() / faces.dataset / "_attribute_network" / _size(faces) / protocol


def embedder_choice(dataset: str) -> Path:
    """The file that names a data set's second network."""
    return checkpoints() / dataset / "_embedder" / "choice.json"


def embedder(faces: Faces, name: str, key: str) -> Path:
    """What the second network `name` with the hash `key` saw."""
    return embedder_choice(faces.dataset).with_name(f"{_size(faces)}-{name}-{key[:SHORT]}")


def explained(dataset_folder: Path, size: tuple[int, int], fingerprint: str, target: str) -> Path:
    """What is seen in photographs of `size` (height, width) with regard to one attribute."""
    place = dataset_folder / "_explain" / f"{size[0]}x{size[1]}-{fingerprint[:SHORT]}"
    return place / re.sub("[^A-Za-z0-9_-]", "-", target)


def originals(run: Path) -> Path | None:
    """Where a trimmed run's photographs are; None where the run does not say which it had."""
    fingerprint = run_folder.fingerprint(run)
    if fingerprint is None or not re.fullmatch("[0-9a-f]{64}", fingerprint):
        return None
    return run.parent / "_originals" / fingerprint[:SHORT]


def _size(faces: Faces) -> str:
    return f"{faces.height}x{faces.width}-{faces.fingerprint[:SHORT]}"
