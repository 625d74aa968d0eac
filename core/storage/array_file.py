"""`arrays.npz`: numbers and packed pictures of an attack or an explanation; never objects."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.storage import files

NAME = "arrays.npz"
LARGEST = 64 << 20  # bytes, packed and unpacked


def write(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    files.write_bytes(folder / NAME, packed.getvalue())


def exist(folder: Path) -> bool:
    return (folder / NAME).is_file()


def read(folder: Path) -> dict[str, NDArray[Any]]:
    """A folder's arrays by name. Raises PenumbraError when missing, damaged or too large."""
    path = folder / NAME
    try:
        if path.stat().st_size > LARGEST:
            raise PenumbraError(f"{path} is too large to be ours; evaluate the run again")
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if sum(info.file_size for info in file.zip.infolist()) > LARGEST:
                raise PenumbraError(f"{path} unpacks to too much; evaluate the run again")
            return dict(file)
    except PenumbraError:
        raise
    except Exception as error:  # numpy and zipfile raise many kinds on damaged files
        raise PenumbraError(f"{path} cannot be read ({error}); evaluate the run again") from error
