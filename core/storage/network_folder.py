"""A network that the runs of a data set share: `weights.safetensors`, `network.json` (what it is and
how it was trained, with the weights' hash) and, last, `done`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from core.errors import PenumbraError
from core.run import code_fingerprint
from core.storage import files, whole_folders
from core.torch_types import Tensor

if TYPE_CHECKING:
    from core.data.faces import Faces

Made = tuple[dict[str, Tensor], dict[str, Any]]  # (tensors, record)


def make_once(folder: Path, make: Callable[[], Made], device: str) -> None:
    """Keep the network that `make` trains on a `device` ("cpu", "cuda"), unless the folder holds one.
    A second process that comes meanwhile waits, and finds it done."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if whole_folders.is_done(folder):
            return
        began = time.perf_counter()
        with torch.enable_grad():  # whoever asks first may only want to look
            tensors, record = make()
        made_with = {"code": code_fingerprint(), "device": device, "torch": torch.__version__}
        seconds = round(time.perf_counter() - began, 1)
        write(folder, tensors, record | made_with | {"seconds": seconds})


def of_faces(version: int, faces: "Faces") -> dict[str, Any]:
    """What every record says of the photographs, and of the `version` of its kind of files."""
    return {
        "version": version,
        "fingerprint": faces.fingerprint,
        "height": faces.height,
        "width": faces.width,
    }


def write(folder: Path, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
    digest = files.save_tensors(folder / "weights.safetensors", tensors)
    files.write_json(folder / "network.json", record | {"weights_sha256": digest})
    whole_folders.mark_done(folder)


def read(folder: Path, wanted: dict[str, Any]) -> dict[str, Tensor]:
    """The network's tensors. Raises PenumbraError where its record does not say all that is `wanted`
    or its files are damaged."""
    record = files.read_json(folder / "network.json")
    for name, value in wanted.items():
        if record.get(name) != value:
            raise PenumbraError(
                f"{folder}: the network has {name} {record.get(name)!r}, not {value!r}; "
                "delete the folder and it is trained again"
            )
    return files.load_tensors(folder / "weights.safetensors", str(record.get("weights_sha256")))
