"""A tiny data set with runs that nobody trained, of which a study can be built in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import data
from core.run import Run
from core.run_validation import checked
from core.storage import files, pictures
from core.study import design
from tests.checkpoint_folders import write_attack
from tests.live_runs import bring_to_life
from tests.tiny_folder import register_tiny_folder

DATASET = "tiny"
RUNS = {
    "weak": Run("deep_obfuscator", DATASET, knobs={"lambda1": 0.0}),
    "strong": Run("deep_obfuscator", DATASET, knobs={"lambda1": 5.0}),
    "noisy": Run("image_noise", DATASET),
    "original": Run("original", DATASET),
}
RUNS = {name: checked(run) for name, run in RUNS.items()}
NOISE = 0.4
STORED = 8  # faces that the attacker `resrec` of `weak` has redrawn
STORED_ALONG = 6  # faces that the decoder of its training has redrawn


def populate(place: Path) -> None:
    """Register the data set (96 people with three photographs) and write the runs, all in the
    folders that the environment names."""
    register_tiny_folder(place / "photographs", DATASET, identities=96)
    for number, (name, run) in enumerate(RUNS.items()):
        bring_to_life(run.folder, run, NOISE if name == "noisy" else None, seed=number)
        give_data(run)
    store_faces(RUNS["weak"], "resrec", STORED)
    store_faces(RUNS["weak"], "training_reconstructor", STORED_ALONG, protocol="paper")


def give_data(run: Run, fingerprint: str | None = None) -> None:
    """Say in `run.json` on which version of the data set it was trained; default: as it is now."""
    record = files.read_json(run.folder / "run.json")
    if fingerprint is None:
        fingerprint = data.load(run.dataset, 64, 64, progress=False).fingerprint
    files.write_json(run.folder / "run.json", record | {"data": {"fingerprint": fingerprint}})


def store_faces(
    run: Run, attacker: str, count: int, protocol: str = "strict", **more: np.ndarray
) -> None:
    """What an attacker without weights leaves: each redrawn face is as grey as twice its position
    among the test photographs. Photographs are every third, so of different people."""
    positions = np.arange(count) * 3
    grey = np.broadcast_to(2 * positions.astype(np.uint8)[:, None, None, None], (count, 64, 64, 3))
    arrays = pictures.packed("originals", grey) | pictures.packed("reconstructions", grey)
    arrays |= {"positions": positions, "ms_ssim": np.linspace(0, 1, count)}
    write_attack(run.folder, attacker, [], arrays=arrays | more, protocol=protocol)


def setting(name: str, attacker: str = "mirrored_decoder") -> dict:
    value = NOISE if name == "noisy" else None
    place = {"dataset": DATASET, "run_id": RUNS[name].id, "release_value": value}
    return place | {"attacker": attacker}


def asking(*settings: dict, **more: object) -> dict:
    """A small study of these settings."""
    small = {"title": "Who is it?", "people": 5, "questions": 4, "options": 3, "attention": 1}
    return design.check(small | {"settings": list(settings)} | more)
