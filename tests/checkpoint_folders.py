"""Checkpoint folders written by the contract of docs/architecture.md, with made-up numbers, so that
pages can be tested without a training."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.methods import METHODS
from core.run import VERSION, Run
from core.run_validation import checked
from core.storage import cost_file, findings_file, pictures

PICTURES, SIDE = 8, 32
TEST_PHOTOGRAPHS, TEST_PEOPLE = 400, 50
LAMBDA1 = (0.0, 1.0, 5.0)
LAMBDA2 = (0.0, 1.0)
COST = {
    "image_noise": 0.35,
    "random_replace": 0.3,
    "blur": 0.22,
    "pixelate": 0.17,
    "answer_only": 0,
}


def faces(count: int = PICTURES, side: int = SIDE) -> np.ndarray:
    """Cartoon faces, uint8 (count, side, side, 3): enough to tell one from another."""
    down, across = np.mgrid[0:side, 0:side] / side - 0.5
    pictures = np.zeros((count, side, side, 3), np.uint8)
    for number in range(count):
        skin = np.array([224, 182, 150]) - 12 * number
        picture = np.ones((side, side, 3)) * np.array([90, 110, 130]) + 8 * number
        picture[across**2 / 0.09 + down**2 / 0.16 < 1] = skin
        for eye in (-0.12, 0.12):
            picture[(across - eye) ** 2 + (down + 0.08) ** 2 < 0.003] = 30
        mouth = (abs(across) < 0.05 + 0.02 * (number % 5)) & (abs(down - 0.18) < 0.03)
        picture[mouth] = [150, 50, 60]
        pictures[number] = picture.clip(0, 255)
    return pictures


def finding(
    target: str, role: str, attacker: str, metric: str, value: float, **more: object
) -> dict:
    row = {
        "target": target,
        "role": role,
        "attacker": attacker,
        "protocol": "strict",
        "release_value": None,
        "metric": metric,
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "chance": 0.5,
        "n": TEST_PHOTOGRAPHS,
        "identities": TEST_PEOPLE,
        "seed": 0,
        "conclusive": True,
    }
    return row | more


def write_run(
    root: Path,
    run: Run,
    strength: float,
    release_value: float | None = None,
    finished: bool = True,
    conclusive: bool = True,
    shares_picture: bool = True,
    attack: float | None = None,
) -> Path:
    """Write one run whose numbers fall with `strength` in [0, 1] (0 is unprotected); `attack`: what the
    attacker on attributes reaches, where it has a number of its own."""
    folder = root / run.dataset / run.id
    folder.mkdir(parents=True, exist_ok=True)
    record = {"version": VERSION, "run": asdict(run), "seconds": 60.0, "device": "cpu"}
    (folder / "run.json").write_text(json.dumps(record))
    if not finished:
        return folder
    (folder / "weights.safetensors").write_bytes(b"made up")
    (folder / "done").write_text("")
    attack, likeness = attack or 0.97 - 0.38 * strength, 0.93 - 0.6 * strength
    task = 0.92 - COST.get(run.method, 0.06) * strength**2
    more = {"release_value": release_value, "conclusive": conclusive, "seed": run.seed}
    probes = []
    for protocol, value, attacker, head in (
        ("strict", attack, "worst_case", "best_head"),
        ("paper", attack - 0.3 * strength, "training_adversary", "own_head"),
    ):
        if protocol == "paper" and METHODS[run.method].baseline:
            continue
        here = more | {"protocol": protocol}
        probes += [
            finding(f"attribute:{name}", "private", attacker, "balanced_accuracy", value, **here)
            for name in run.private
        ]
        probes += [
            finding(f"attribute:{name}", "utility", head, metric, value, **here)
            for name in run.tasks
            for metric, value in (("balanced_accuracy", task), ("auc", task + 0.05))
        ]
    probes += [
        finding("attribute:Male", "private", name, metric, attack - 0.01, **more)
        for name in ("logistic", "mlp")
        for metric in ("balanced_accuracy", "auc", "accuracy")
    ]
    probes.append(
        finding("attribute:Young", "unlisted", "worst_case", "balanced_accuracy", 0.7, **more)
    )
    write_attack(folder, "probes", probes, release_value)
    named = finding(
        "identity",
        "private",
        "nearest_neighbour",
        "top1_accuracy",
        0.6 - 0.5 * strength,
        **more | {"chance": 1 / TEST_PEOPLE},
    )
    write_attack(folder, "nearest_neighbour", [named], release_value)
    if shares_picture:
        pictures = [
            finding(
                "image",
                "private",
                "mirrored_decoder",
                metric,
                value,
                **more | {"chance": chance, "low": value - 0.03, "high": value + 0.03},
            )
            for metric, value, chance in (
                ("ms_ssim", likeness, 0.2),
                ("ssim", likeness - 0.1, 0.15),
                ("psnr", 12 + 14 * likeness, 10.0),
            )
        ]
        write_attack(folder, "mirrored_decoder", pictures, release_value, redrawn(strength))
    return folder


@functools.cache
def redrawn(strength: float) -> dict[str, np.ndarray]:
    """Pictures as an attacker recovers them, blurrier towards the mean the stronger the release."""
    originals = faces()
    blurred = originals.mean(0, keepdims=True) * strength + originals * (1 - strength)
    per_picture = np.linspace(0.9, 0.95, PICTURES) - 0.6 * strength
    recovered = blurred.astype(np.uint8)
    return {
        **pictures.packed("originals", originals),
        **pictures.packed("reconstructions", recovered),
        "positions": np.arange(PICTURES, dtype=np.int32) * 3,
        "ms_ssim": per_picture.astype(np.float32),
        "ssim": (per_picture - 0.1).astype(np.float32),
        "psnr": (10 + 18 * per_picture).astype(np.float32),
    }


def write_attack(
    folder: Path,
    attack: str,
    rows: list[dict],
    release_value: float | None = None,
    arrays: dict[str, np.ndarray] | None = None,
    protocol: str = "strict",
) -> None:
    name = attack if release_value is None else f"{attack}@{release_value:g}"
    place = folder / "attacks" / protocol / name
    place.mkdir(parents=True, exist_ok=True)
    findings_file.write(place, [{"run_id": folder.name} | row for row in rows])
    if arrays:
        np.savez_compressed(place / "arrays.npz", **arrays)
    (place / "done").write_text("")


def write_cost(
    folder: Path, release_values: tuple[float | None, ...] = (None,), **more: object
) -> None:
    """`cost.json` of a run: 1.2 ms, 2,000 of the photograph's 9,000 bytes."""
    release = {
        "milliseconds": 1.2,
        "milliseconds_low": 1.1,
        "milliseconds_high": 1.4,
        "share_waited": 0.0,
        "peak_memory_bytes": 900_000,
        "parameters": 16_752,
        "weights_bytes": 67_776,
        "multiply_adds": 25_362_432,
        "released_numbers": 500,
        "released_bytes": 2000,
        "released_bytes_float16": 1000,
        "share_of_parameters": 0.1,
        "share_of_multiply_adds": 0.686,
    }
    record = {
        "version": cost_file.VERSION,
        "run_id": folder.name,
        "machine": "a laptop, 1 threads",
        "torch": "2.0",
        "threads": 1,
        "repeats": 100,
        "photograph": "median of 5 stored files",
        "photograph_bytes": 9000,
        "pixel_bytes": 12_288,
        "releases": [release | more | {"release_value": value} for value in release_values],
    }
    (folder / cost_file.NAME).write_text(json.dumps(record))


def settings() -> int:
    """How many settings `populate` writes: every release-time value is one."""
    baselines = [method for method in METHODS.values() if method.baseline]
    released = [[knob for knob in method.knobs if knob.when == "release"] for method in baselines]
    filters = sum(len(knobs[0].grid) if knobs else 1 for knobs in released)
    return len(LAMBDA1) * len(LAMBDA2) + filters


def populate(root: Path, dataset: str = "synthetic") -> None:
    """A folder as the shipped one: DeepObfuscator over a small grid, and every baseline."""
    for lambda1 in LAMBDA1:
        for lambda2 in LAMBDA2:
            run = checked(
                Run("deep_obfuscator", dataset, knobs={"lambda1": lambda1, "lambda2": lambda2})
            )
            # λ₁ works on the attribute far more than λ₂ does
            write_run(root, run, 0.9 * math.sqrt(lambda1 / 10) + 0.1 * lambda2)
    for method in METHODS.values():
        if not method.baseline:
            continue
        run = checked(Run(method.name, dataset))
        release = next((knob for knob in method.knobs if knob.when == "release"), None)
        if release is None:
            strength = 0.8 if method.name == "answer_only" else 0.0
            write_run(root, run, strength, shares_picture=method.name == "original")
        else:
            for position, value in enumerate(release.grid):
                write_run(root, run, (position + 1) / (len(release.grid) + 1), value)


def damage(root: Path) -> dict[str, Path]:
    """Break a populated folder in one way per kind of file; returns what was broken."""
    folders = sorted(path for path in root.glob("*/deep_obfuscator-*"))
    (folders[0] / "run.json").write_text('{"version": 1, "run": {"meth')
    (folders[1] / "weights.safetensors").unlink()
    rows = folders[2] / "attacks" / "strict" / "probes" / findings_file.NAME
    rows.write_bytes(rows.read_bytes()[:-40])
    arrays = folders[3] / "attacks" / "strict" / "mirrored_decoder" / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])
    foreign = root / "synthetic" / "deep_obfuscator-0123456789"
    foreign.mkdir()
    (foreign / "run.json").write_text("[]")
    return {"run": folders[0], "weights": folders[1], "findings": folders[2], "arrays": folders[3]}
