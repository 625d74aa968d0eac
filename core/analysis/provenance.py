"""What a number rests on: hashes of the data, the code, the networks and the findings of a setting."""

import hashlib
import platform
import shlex
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from core import results
from core.errors import damaged
from core.run import Run, code_fingerprint
from core.storage import findings_file, numbers_only, run_folder
from core.storage.attack_folders import finished

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pytorch-msssim")


def provenance(folder: Path, release_value: float | None = None) -> dict[str, Any]:
    """Of one run at one release value:

    data           {"name", "fingerprint", "photographs", "identities"} as trained on
    weights_sha256, weights_here, weights_match  as recorded, whether the file is on disk, and
                   whether it still has that hash
    trained        {"code", "torch", "device", "seconds"} as recorded (missing ones left out)
    findings       [{"attack", "protocol", "sha256"}], one for each attack's rows
    findings_sha256  of all of these lines together
    here           {"code", "python", "packages"} of what made this record

    Raises PenumbraError where the folder is damaged.
    """
    run = results.read_run(folder)
    record = run_folder.read_record(folder)
    recorded = record.get("data")
    data = recorded if isinstance(recorded, dict) else {}
    parts = []
    for protocol in ("strict", "paper"):
        for attack, place in sorted(finished(folder, protocol, release_value).items()):
            with damaged(f"{place} is damaged", "delete this folder and evaluate again"):
                digest = hashlib.sha256((place / findings_file.NAME).read_bytes()).hexdigest()
            parts.append({"attack": attack, "protocol": protocol, "sha256": digest})
    lines = "".join(f"{part['protocol']}/{part['attack']} {part['sha256']}\n" for part in parts)
    weights = run_folder.weights_file(folder)
    found = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else None
    return {
        "run": run.canonical(),
        "run_id": run.id,
        "release_value": release_value,
        "data": {"name": run.dataset, **data},
        "weights_sha256": record.get("weights_sha256"),
        "weights_here": found is not None,
        "weights_match": found is not None and found == record.get("weights_sha256"),
        "trained": {
            name: record[name]
            for name in ("code", "torch", "device", "seconds")
            if record.get(name) is not None
        },
        "findings": parts,
        "findings_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "here": {
            "code": code_fingerprint(),
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
        },
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def commands(run: Run) -> list[str]:
    """The commands that train a run and attack it, in order; of one of which only numbers are here,
    on the reader's own copy of the photographs, which the first command registers."""
    if numbers_only.is_declared(run.folder.parent):
        said = numbers_only.read(run.folder.parent)
        return [numbers_only.registering(said), *commands(replace(run, dataset=said.own_name))]
    parts = ["python", "-m", "core", "train", "--method", run.method, "--dataset", run.dataset]
    parts += ["--preset", run.preset]
    parts += ["--tasks", ",".join(run.tasks), "--private", ",".join(run.private)]
    for flag, entries in (("--knob", run.knobs), ("--schedule", run.schedule)):
        for name, value in sorted(entries.items()):
            parts += [flag, f"{name}={value:g}"]
    parts += ["--seed", str(run.seed)]
    return [" ".join(shlex.quote(part) for part in parts), f"python -m core evaluate {run.id}"]
