"""What the runs of a data set share, beside them in `checkpoints/<dataset>/`.

    _controls/<size>/attacks/strict/<attack>@identity|constant/   the controls' findings
    _originals/<version>/arrays.npz                  photographs that trimmed runs hold no more
    _face_network/<size>/                            the data set's face-verification network
    _explain/<size>/<attribute>/                     what is seen in the photographs themselves
    _embedder/choice.json, <size>-<name>-<key>/      a second network, and what it saw

`<version>` is the first 12 digits of the data set's fingerprint, `<size>` `<H>x<W>-<version>`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from core.run import checkpoints
from core.storage import run_folder

SHORT = 12  # digits of a fingerprint or key


class Photographs(Protocol):
    """What these folders are called after: a data set at one size, such as `core.data.Faces`."""

    @property
    def dataset(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


def controls(faces: Photographs) -> Path:
    return checkpoints() / faces.dataset / "_controls" / _size(faces)


def control(faces: Photographs, attack: str, kind: str) -> Path:
    """What one attack found on one kind of control release."""
    return controls(faces) / "attacks" / "strict" / f"{attack}@{kind}"


def face_network(faces: Photographs) -> Path:
    return checkpoints() / faces.dataset / "_face_network" / _size(faces)


def embedder_choice(dataset: str) -> Path:
    """The file that names a data set's second network."""
    return checkpoints() / dataset / "_embedder" / "choice.json"


def embedder(faces: Photographs, name: str, key: str) -> Path:
    """What the second network `name` with the hash `key` saw."""
    place = f"{_size(faces)}-{name}-{key[:SHORT]}"
    return embedder_choice(faces.dataset).parent / place


def explained(dataset_folder: Path, size: tuple[int, int], fingerprint: str, target: str) -> Path:
    """What is seen in photographs of `size` (height, width) with regard to one attribute."""
    height, width = size
    name = re.sub("[^A-Za-z0-9_-]", "-", target)
    return dataset_folder / "_explain" / f"{height}x{width}-{fingerprint[:SHORT]}" / name


def originals(run: Path) -> Path | None:
    """Where a trimmed run's photographs are; None where the run does not say which it had."""
    fingerprint = run_folder.fingerprint(run)
    if fingerprint is None or not re.fullmatch("[0-9a-f]{64}", fingerprint):
        return None
    return run.parent / "_originals" / fingerprint[:SHORT]


def _size(faces: Photographs) -> str:
    return f"{faces.height}x{faces.width}-{faces.fingerprint[:SHORT]}"
