"""The controls of a data set: every attack on the photographs themselves and on a constant."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from core.attacks import ATTACKS, Attack
from core.attacks import controls as control
from core.attacks.attributes.attribute_network import with_reader
from core.attacks.identity.face_network import face_features
from core.attacks.interface import AttackerView
from core.attacks.releases import view_of
from core.data.faces import Faces
from core.seeding import generator_for
from core.storage import dataset_folders, findings_file, whole_folders
from core.storage.attack_folders import save


def needed(attacks: Iterable[Attack], tasks: Sequence[str]) -> list[str]:
    """Whose controls the verdicts on `attacks` rest on: all on the same kinds of target, since what
    an attacker has to reach follows from the best of them; but not those for one of other `tasks`,
    or on request where nobody requests them, and those that consist of others through these."""
    parts = {name for a in attacks for name in (a.made_of or (a.name,))}
    kinds = {ATTACKS[name].target for name in parts if name in ATTACKS}
    return [
        a.name
        for a in ATTACKS.values()
        if a.target in kinds and not a.made_of and (not a.only_for or a.only_for in tasks)
        if not a.on_request or a.name in parts
    ]


def controls(
    faces: Faces, device: torch.device, names: Sequence[str], progress: bool = True
) -> dict[tuple[str, str], bool]:
    """(attacker, target) -> conclusive, for a data set at one size: each of the attacks `names` is
    run once on both releases of `core.attacks.controls`, those of `needed`."""
    locks = dataset_folders.controls(faces) / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    views: dict[str, AttackerView] = {}  # one at a time; two may not fit into memory

    def run(kind: str, name: str) -> None:
        if kind not in views:
            views.clear()
            seen = face_features(faces, device, progress)
            view = view_of(control.RELEASES[kind], faces, None, device, 0, seen)
            views[kind] = with_reader(view, faces, "strict", progress)
        began = time.perf_counter()
        result = ATTACKS[name].run(views[kind], generator_for(f"control/{name}"))
        seconds = time.perf_counter() - began
        save(dataset_folders.control(faces, name, kind), result.findings, {}, {}, seconds)
        if progress:
            tqdm.write(f"control {name} on the {kind} release: {seconds:.1f} s")

    # Several processes divide them among themselves; at the end each waits for those of the others.
    pairs = [(kind, name) for kind in control.RELEASES for name in names]
    for wait in (0, -1):
        for kind, name in pairs:
            place = dataset_folders.control(faces, name, kind)
            if whole_folders.is_done(place):
                continue
            with suppress(Timeout), FileLock(locks / f"{kind}-{name}.lock", timeout=wait):
                if not whole_folders.is_done(place):
                    run(kind, name)
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in control.RELEASES}
    for kind, name in pairs:
        rows[kind] += findings_file.read(dataset_folders.control(faces, name, kind))
    found = control.verdicts(rows[control.IDENTITY], rows[control.CONSTANT])
    for attack in ATTACKS.values():
        for target in {target for attacker, target in found if attacker in attack.made_of}:
            parts = ((part, target) for part in attack.made_of)
            found[attack.name, target] = any(found.get(part, False) for part in parts)
    return found
