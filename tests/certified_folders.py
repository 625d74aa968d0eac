"""A checkpoint folder with a certified setting at every knot, with made-up numbers that fit together."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from core.storage import explanations, pictures
from tests.checkpoint_folders import faces, finding, write_attack, write_run

METHOD = "certified_code"
KNOTS = METHODS[METHOD].knobs[0].grid
PEOPLE = 600
FLOOR = 0.57
# A concave frontier: at perfect protection 93 % of smiles, all of them from the floor on.
FRONTIER = np.array([(0.5, 0.93), (0.52, 0.95), (0.55, 0.98), (FLOOR, 1.0), (0.8, 1.0)])


def bound(tau: float) -> float:
    """No attacker beyond, at a knot: rises with tau, in no straight line."""
    return round(0.53 + 0.12 * tau**0.5, 4)


def write_certified(root: Path, dataset: str = "synthetic", answers: bool = True) -> Path:
    run = checked(Run(METHOD, dataset))
    for number, tau in enumerate(KNOTS):
        folder = write_run(root, run, number / len(KNOTS), tau, attack=bound(tau) - 0.03)
        write_attack(folder, "certificate", certificates(tau), tau, arrays(), protocol="proof")
        if answers:
            write_answers(folder, tau)
    return folder


def certificates(tau: float) -> list[dict]:
    def row(target: str, metric: str, value: float, **more: object) -> dict:
        shared = {"protocol": "proof", "release_value": tau, "high": value, "identities": PEOPLE}
        return finding(target, "private", "certificate", metric, value, **(shared | more))

    male, people = "attribute:Male", {"low": None, "identities": 100}
    found = [
        row(male, "proven_accuracy", bound(tau), low=bound(tau) - 0.02),
        row(male, "proven_accuracy_pair", bound(tau) + 0.06, low=bound(tau)),
        row("identity", "proven_identification", 0.02, chance=0.01, **people),
        row("identity", "capacity", 2.0, chance=1.0, **people),
    ]
    if tau < 1:
        found.insert(2, row(male, "proven_accuracy_repeated", 0.86, low=0.84))
    return found


def arrays() -> dict[str, np.ndarray]:
    return {
        "delta": np.array(0.05),
        "certificates": np.array(3 * len(KNOTS)),
        "people": np.array("synthetic"),
        "fingerprint": np.array("abc"),
        "names": np.array(["Male"]),
        "floors": np.array([FLOOR], np.float32),
        "frontiers": FRONTIER[None].astype(np.float32),
    }


def write_answers(folder: Path, tau: float | None) -> None:
    apart = 0.1 * (tau or 0)
    found = {
        **pictures.packed("faces", faces(2)),
        "often": np.array([0.6, 0.4], np.float32),
        "having": np.array([[0.6 + apart, 0.4 - apart]], np.float32),
        "without": np.array([[0.6 - apart, 0.4 + apart]], np.float32),
        "says": np.array([[0], [1]], np.uint8),
    }
    facts = {"secrets": ["Male"], "tasks": ["Smiling"], "photographs": 900, "people": 300}
    explanations.save(explanations.place(folder, "answers", tau), found, facts)
