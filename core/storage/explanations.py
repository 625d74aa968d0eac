"""What pages show beside the numbers: `<run folder>/explain/<name>[@<release value>]/`.

arrays.npz            maps, coordinates (`core.storage.array_file`)
facts.json            what a page says of it
weights.safetensors   of a network that is asked again, where there is one
done                  written last
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.errors import PenumbraError
from core.storage import array_file, files, whole_folders
from core.storage.attack_folders import at_value
from core.torch_types import Tensor

Explanation = tuple[dict[str, NDArray[Any]], dict[str, Any]]  # arrays, facts


def place(run_folder: Path, name: str, value: float | None = None) -> Path:
    return run_folder / "explain" / at_value(name, value)


def weights_file(target: Path) -> Path:
    return target / "weights.safetensors"


def save(
    target: Path,
    found: Mapping[str, NDArray[Any]],
    facts: dict[str, Any],
    weights: dict[str, Tensor] | None = None,
) -> None:
    """Write an explanation's folder, in place of what was there."""
    with whole_folders.written_whole(target) as folder:
        array_file.write(folder, found)
        files.write_json(folder / "facts.json", facts)
        if weights:
            files.save_tensors(weights_file(folder), weights)


def read(target: Path, missing: str, again: str) -> Explanation:
    """(arrays, facts) of an explanation's folder, without torch. Raises PenumbraError that says
    `missing` where it has not been computed, and what computes it, `again`."""
    if not whole_folders.is_done(target):
        raise PenumbraError(f"{missing}: {again}")
    try:
        return array_file.read(target), files.read_json(target / "facts.json")
    except PenumbraError as error:
        raise PenumbraError(
            f"{target} is damaged ({str(error).partition(';')[0]}); delete this folder and {again}"
        ) from error
