"""Face-verification networks made by others, through which a data set is measured *as well*.

Penumbra's own (`core.attacks.identity.face_network`) stays the one that every figure is given for.
What is measured through a second one (`choose`) stands in rows of its own, whose metric ends in the
network's name (`face_similarity_dlib`). It is asked, never trained through. The choice is kept
beside the data set's runs, so that all of them are measured alike.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from core.data.datasets import entry_of
from core.data.faces import Faces
from core.embedders import dlib_network, onnx_network
from core.embedders.embedder import Embedder, faces_in, photographed
from core.embedders.onnx_network import ARCFACE, Preparation
from core.errors import PenumbraError
from core.storage import dataset_folders, files

NOTHING = "none"
ONNX = "onnx"


def choose(dataset: str, embedder: str, preparation: Preparation = ARCFACE) -> str | None:
    """Name the second network of a data set: "dlib", a path of an ONNX model (which gets pixels
    by `preparation`), or "none".

    Returns what metrics measured through it end in, None for none. Attacks that are done stay as
    they are. Raises PenumbraError for an unknown data set, missing packages, photographs that do
    not suit dlib, and whatever is wrong with the model.
    """
    entry = entry_of(dataset)
    place = dataset_folders.embedder_choice(dataset)
    if embedder == NOTHING:
        place.unlink(missing_ok=True)
        return None
    if embedder == dlib_network.NAME:
        dlib_network.check(dataset, entry, 1, 1)
    name, key, _ = _network(embedder, preparation)
    record: dict[str, Any] = {"embedder": dlib_network.NAME}
    if embedder != dlib_network.NAME:
        prepared = onnx_network.checked(preparation)._asdict()
        record = {"embedder": ONNX, "path": str(_path(embedder)), "key": key, **prepared}
    files.write_json(place, record)
    return name


def named(dataset: str) -> str | None:
    """What metrics measured through the data set's second network end in; None where it has none.
    Opens no network."""
    record = _record(dataset)
    if record is None:
        return None
    return dlib_network.NAME if record["embedder"] != ONNX else _onnx_name(record["key"])


def chosen(faces: Faces, progress: bool = False) -> Embedder | None:
    """The second network of a data set, opened; None where none was chosen. Raises PenumbraError
    where it cannot be had any more, or is not the one that was chosen."""
    record = _record(faces.dataset)
    if record is None:
        return None
    if record["embedder"] == dlib_network.NAME:
        return opened(faces, dlib_network.NAME, ARCFACE, progress)
    given: list[Any] = [record.get(field) for field in Preparation._fields]  # checked when opened
    found = opened(faces, record["path"], Preparation(*given), progress)
    if found.key != record["key"]:
        raise PenumbraError(
            f"{record['path']} is not the model that was chosen for {faces.dataset}; "
            f"`python -m core data embedder {faces.dataset} {record['path']}` chooses this one"
        )
    return found


def opened(
    faces: Faces, embedder: str, preparation: Preparation = ARCFACE, progress: bool = False
) -> Embedder:
    """ "dlib" or an ONNX model on the photographs of a data set, whatever was chosen for it. Raises
    PenumbraError as `choose` does."""
    if embedder == dlib_network.NAME:
        dlib_network.check(faces.dataset, entry_of(faces.dataset), faces.height, faces.width)
    name, key, embed = _network(embedder, preparation)
    return Embedder(name, key, embed, dataset_folders.embedder(faces, name, key), progress)


def _network(
    embedder: str, preparation: Preparation
) -> tuple[str, str, Callable[[Tensor], Tensor]]:
    """(name, key, embed) of an `Embedder`."""
    if embedder == dlib_network.NAME:
        return dlib_network.NAME, dlib_network.key(), dlib_network.opened()
    preparation, path = onnx_network.checked(preparation), _path(embedder)
    content = onnx_network.read(path)
    key = onnx_network.key(content, preparation)
    return _onnx_name(key), key, onnx_network.opened(content, path, preparation)


def _path(embedder: str) -> Path:
    return Path(embedder).expanduser().resolve()


def _onnx_name(key: str) -> str:
    """Two models, or two ways to prepare pixels for one, have two names."""
    return f"{ONNX}_{key[:8]}"


def _record(dataset: str) -> dict[str, Any] | None:
    place = dataset_folders.embedder_choice(dataset)
    if not place.is_file():
        return None
    record = files.read_json(place)
    whole = all(isinstance(record.get(field), str) for field in ("path", "key"))
    if record.get("embedder") != dlib_network.NAME and not (
        record.get("embedder") == ONNX and whole
    ):
        raise PenumbraError(
            f"{place} names no network; choose again: `python -m core data embedder {dataset} …`"
        )
    return record
