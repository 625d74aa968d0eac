"""`checkpoints/<dataset>/<run_id>/`: one training and all that was measured of it.

run.json              the Run, code version, data fingerprint, device, seconds
state-<stage>-<step>.safetensors   while training: networks and optimisers
state.json            while training: stage and step; written after the tensors, names their hash
log.jsonl             a JSON object for each logged step (`core.storage.training_log`)
weights.safetensors   the finished networks
done                  training finished
attacks/, explain/, cost.json      `core.storage.attack_folders`, `.explanations`, `.cost_file`
"""

import re
from pathlib import Path
from typing import Any

from core.run import RUN_ID, checkpoints
from core.storage import files, numbers_only, whole_folders
from core.torch_types import Tensor

FINGERPRINT = re.compile("[A-Za-z0-9-]{1,80}")
MEASURED = ("finished", "numbers")  # states of runs whose findings are shown


def all_folders(root: Path | None = None) -> list[Path]:
    """Every folder that is, or claims to be, a run, in name order; links are not followed."""
    root = checkpoints() if root is None else root
    return [
        folder
        for dataset in (sorted(root.iterdir()) if root.is_dir() else ())
        if dataset.is_dir() and not dataset.is_symlink()
        for folder in sorted(dataset.iterdir())
        if folder.is_dir() and not folder.is_symlink() and RUN_ID.fullmatch(folder.name)
    ]


def state(folder: Path) -> str:
    """ "finished", "numbers" (all that is here of it, `core.storage.numbers_only`), "training" (has
    saved progress or is running), "empty" (or not there) or "damaged"."""
    if not has_record(folder):
        return "damaged" if folder.is_dir() and any(folder.iterdir()) else "empty"
    if not is_finished(folder):
        return "numbers" if numbers_only.is_declared(folder.parent) else "training"
    return "finished" if weights_file(folder).is_file() else "damaged"


def is_finished(folder: Path) -> bool:
    """Whether the training has come to its end."""
    return whole_folders.is_done(folder)


def has_record(folder: Path) -> bool:
    """Whether a training has begun here."""
    return (folder / "run.json").is_file()


def read_record(folder: Path) -> dict[str, Any]:
    """What `run.json` says. Raises PenumbraError where it is missing or damaged."""
    return files.read_json(folder / "run.json")


def write_record(folder: Path, record: dict[str, Any]) -> None:
    files.write_json(folder / "run.json", record)


def fingerprint(folder: Path) -> str | None:
    """Of the photographs that the run was trained on; None where `run.json` names none that could be
    part of a folder's name."""
    data = read_record(folder).get("data")
    found = data.get("fingerprint") if isinstance(data, dict) else None
    return found if isinstance(found, str) and FINGERPRINT.fullmatch(found) else None


def weights_file(folder: Path) -> Path:
    return folder / "weights.safetensors"


def finish(folder: Path, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
    """Write a finished run's networks and record, mark it done, and drop the training's state."""
    # A kill before the last line: it is trained again.
    (folder / whole_folders.DONE).unlink(missing_ok=True)
    record["weights_sha256"] = files.save_tensors(weights_file(folder), tensors)
    write_record(folder, record)
    whole_folders.mark_done(folder)
    for path in (folder / "state.json", *folder.glob("state-*.safetensors")):
        path.unlink(missing_ok=True)


def save_state(
    folder: Path, tensors: dict[str, Tensor], stage: int, step: int, seconds: float
) -> None:
    """Save a training's state so that a kill at any moment leaves this one or the one before."""
    # The file of the state before stays until state.json names the new one.
    name = f"state-{stage}-{step}.safetensors"
    digest = files.save_tensors(folder / name, tensors)
    state = {"stage": stage, "step": step, "seconds": seconds, "file": name, "sha256": digest}
    files.write_json(folder / "state.json", state)
    for old in folder.glob("state-*.safetensors"):
        if old.name != name:
            old.unlink()


def read_state(folder: Path) -> tuple[dict[str, Any], Path, dict[str, Tensor]] | None:
    """(stage, step and seconds, the file of the tensors, the tensors) of the saved state; None where
    there is none. Raises PenumbraError where it is damaged."""
    if not (folder / "state.json").is_file():
        return None
    state = files.read_json(folder / "state.json")
    path = folder / Path(str(state["file"])).name
    return state, path, files.load_tensors(path, state["sha256"])
