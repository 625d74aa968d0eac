"""A network that the runs of a data set share: `weights.safetensors`, `network.json` (what it is and
how it was trained, with the weights' hash) and, last, `done`."""

from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.storage import files, whole_folders
from core.torch_types import Tensor


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
                f"{folder}: the face network has {name} {record.get(name)!r}, not {value!r}; "
                "delete the folder and it is trained again"
            )
    return files.load_tensors(folder / "weights.safetensors", str(record.get("weights_sha256")))
