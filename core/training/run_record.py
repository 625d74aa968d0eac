"""What a run's folder says of its training, from the first step to the finished networks."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core import device as devices
from core.data.faces import SPLITS, Faces
from core.errors import PenumbraError
from core.methods import Model
from core.run import VERSION, Run, code_fingerprint
from core.storage import files, run_folder


def begin(run: Run, faces: Faces, device: torch.device, notes: dict[str, str]) -> dict[str, Any]:
    """Write `run.json` as it is at the start and return its content. Raises PenumbraError for a
    folder begun on other data, or where the method noted something else (`Model.notes`)."""
    record = {
        "version": VERSION,
        "run": json.loads(run.canonical()),
        "attributes": list(faces.attribute_names),
        "data": {
            "fingerprint": faces.fingerprint,
            "photographs": {split: len(faces.indices(split)) for split in SPLITS},
            "identities": len(set(faces.identities.tolist())),
        },
        "device": devices.describe(device),
        "device_type": device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code": code_fingerprint(),
        "notes": notes,
    }
    old = run_folder.read_record(run.folder) if run_folder.has_record(run.folder) else record
    if old.get("data") != record["data"]:
        raise PenumbraError(
            f"{run.folder} was begun on other photographs; delete it, or restore the data set"
        )
    if (before := old.get("notes", {})) != notes:
        raise PenumbraError(f"{run.folder} was begun with {before}, here are {notes}; delete it")
    run_folder.write_record(run.folder, record)
    return record


def finish(folder: Path, model: Model, record: dict[str, Any]) -> None:
    """Keep the networks as they will be measured. Raises PenumbraError where they diverged."""
    tensors = files.halved(files.network_tensors(model.networks))
    bad = [name for name, t in tensors.items() if t.is_floating_point() and not t.isfinite().all()]
    if bad:
        raise PenumbraError(f"training diverged: {bad[0]} is not finite; lower the learning rate")
    run_folder.finish(folder, tensors, record)


def without(model: Model, names: list[str]) -> Model:
    """The model without networks that only its training needed (`core.shipping.trimming`)."""
    gone = {network for name, network in model.networks.items() if name in names}
    networks = {name: n for name, n in model.networks.items() if name not in names}
    lost: dict[str, Any] = {}
    for part in ("training_adversary", "training_reconstructor", "own_head", "own_verifier"):
        function = getattr(model, part)
        if isinstance(function, nn.Module) and gone & {*function.modules()}:
            lost[part] = None
    return dataclasses.replace(model, networks=networks, **lost)
