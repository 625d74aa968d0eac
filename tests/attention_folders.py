"""Maps of attention by the contract of `core.explain`, made up, beside `checkpoint_folders`' runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.storage import dataset_folders, explanations, files, pictures, run_folder
from tests.checkpoint_folders import PICTURES, faces

FINGERPRINT = "5e" * 32
CELLS = 8


def spot(down: int, across: int, count: int) -> np.ndarray:
    """Maps uint8 (count, 8, 8) with one bright cell and a faint rest."""
    found = np.full((count, CELLS, CELLS), 20, np.uint8)
    found[:, down, across] = 255
    return found


def facts(target: str, low: float = 0.7, cells: bool = True, declared: bool = True) -> dict:
    told = {
        "target": target,
        "declared": declared,
        "draws": 1,
        "layer": "the last",
        "reason": None,
        "cells": [CELLS, CELLS],
        "balanced_accuracy": low + 0.02,
        "low": low,
        "high": low + 0.04,
        "n": 400,
        "people": 50,
        "overlap": 0.6,
        "overlap_low": 0.57,
        "overlap_high": 0.63,
        "correlation": 0.4,
        "thirds": [0.1, 0.2, 0.7],
        "blank": 0.0,
    }
    return told if cells else told | {"cells": None, "reason": "there is no map of places"}


def write_photographs(dataset: Path, target: str) -> None:
    groups = ["all", "Male=0", "Male=1"]
    originals = faces()
    arrays = {
        "positions": np.arange(PICTURES, dtype=np.int32) * 3,
        "truth": np.arange(PICTURES, dtype=np.uint8) % 2,
        **pictures.packed("originals", originals),
        **pictures.packed("means", originals[:3]),
        "maps": spot(1, 4, PICTURES),
        "said": np.zeros(PICTURES, np.uint8),
        "each": spot(1, 4, 10),
        "groups": spot(1, 4, 3),
    }
    clear = {"target": target, "groups": groups, "thirds": [0.7, 0.2, 0.1], "again_overlap": 0.8}
    explanations.save(
        dataset_folders.explained(dataset, (64, 64), FINGERPRINT, target), arrays, clear
    )


def write_attention(root: Path, attacker: dict | None = None, service: dict | None = None) -> None:
    """Maps of every run below `root` whose run.json is whole, at every release value."""
    attacker = facts("Male") if attacker is None else attacker
    service = facts("Smiling", 0.85, declared=False) if service is None else service
    for folder in run_folder.all_folders(root):
        record = files.read_json(folder / "run.json")
        record["data"] = {"fingerprint": FINGERPRINT}
        files.write_json(folder / "run.json", record)
        for attack in folder.glob("attacks/strict/probes*"):
            value = attack.name.partition("@")[2]
            arrays = {"positions": np.arange(PICTURES, dtype=np.int32) * 3}
            told = {"groups": ["all", "Male=0", "Male=1"]}
            for side, said in (("attacker", attacker), ("service", service)):
                if not said:
                    continue
                told[side] = said
                arrays[f"{side}_said"] = np.ones(PICTURES, np.uint8)
                arrays[f"{side}_said_redrawn"] = np.zeros(PICTURES, np.uint8)
                arrays[f"{side}_redrawn"] = spot(1, 3, PICTURES)
                if said["cells"]:
                    arrays[f"{side}_release"] = spot(6, 4, PICTURES)
                    arrays[f"{side}_release_groups"] = spot(6, 4, 3)
            at = float(value) if value else None
            explanations.save(explanations.place(folder, "attention", at), arrays, told)
    for dataset in {folder.parent for folder in run_folder.all_folders(root)}:
        for name in ("Male", "Smiling"):
            write_photographs(dataset, name)
