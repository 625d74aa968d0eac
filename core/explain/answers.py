"""What a finite release says: the few answers there are, how often each is given, and the mean face of
those who are answered so.

Whoever sees one of K answers can draw at most K faces: these are the best that can be drawn of
people like the attacker's. They take the place of maps of attention, which a single answer has not.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.certificates import histograms
from core.explain.subject import Subject
from core.methods import METHODS
from core.methods.declare import attributes_among
from core.run import Run
from core.storage import pictures
from core.storage.explanations import Explanation
from core.torch_types import Generator

BATCH = 256


def applies(run: Run) -> bool:
    return METHODS[run.method].finite


def answers(subject: Subject, generator: Generator) -> Explanation:
    """Arrays, of the attacker's photographs:

    faces_webp, faces_ends  (K, H, W, 3) as `core.storage.pictures`: the mean of all photographs, each
                weighed by how likely this answer is for it; grey where nobody is answered so
    often       float32 (K,), the share of each answer, all people weighing the same
    having, without  float32 (secrets, K), the same among people with each private attribute and
                without it; those whose photographs disagree are left out
    says        uint8 (K, tasks), what the service understands; empty where it has no head of its own

    Facts: `secrets`, `tasks` (names), `photographs`, `people`.
    """
    import torch

    view, model, run = subject.view, subject.model, subject.run
    assert model.cells is not None
    assert model.table is not None
    x, people = view.x["attacker"], view.identities["attacker"]
    with torch.no_grad():
        table = model.table(subject.value).double().cpu()
        parts = [model.cells(part.float() / 255).cpu() for part in x.split(BATCH)]
        cells = torch.cat(parts)
        total = torch.zeros(table.shape[1], x[0].numel(), dtype=torch.float64)
        for part, cell in zip(x.split(BATCH), cells.split(BATCH), strict=True):
            total += table[cell].T @ part.flatten(1).cpu().double()
        heads = (
            model.own_head(torch.eye(table.shape[1], device=view.device))
            if model.own_head
            else None
        )
    likely = table[cells].numpy()
    mass = likely.sum(0)
    means = np.where(mass[:, None] > 0, total.numpy() / np.maximum(mass, 1e-12)[:, None], 128)
    faces = means.round().astype(np.uint8).reshape(-1, *x.shape[1:]).transpose(0, 2, 3, 1)
    names = [name for name in attributes_among(run.private) if name in view.attribute_names]
    tasks = list(attributes_among(run.tasks))
    said = np.zeros((len(mass), 0), np.uint8)
    if heads is not None:
        said = (heads > 0).cpu().numpy().astype(np.uint8)[:, : len(tasks)]
    sides: list[NDArray[Any]] = []
    for name in names:
        labels = view.attributes["attacker"][:, view.attribute_names.index(name)]
        groups = histograms.of_people(likely, people, labels)
        sides.append(np.stack([_mean(groups.having), _mean(groups.without)]))
    split = np.stack(sides, axis=1) if sides else np.zeros((2, 0, len(mass)))
    arrays = {
        **pictures.packed("faces", np.ascontiguousarray(faces)),
        "often": np.stack([likely[people == p].mean(0) for p in np.unique(people)])
        .mean(0)
        .astype(np.float32),
        "having": split[0].astype(np.float32),
        "without": split[1].astype(np.float32),
        "says": said,
    }
    counted = {"photographs": len(x), "people": len(np.unique(people))}
    return arrays, {"secrets": names, "tasks": tasks, **counted}


def _mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows.mean(0) if len(rows) else np.full(rows.shape[1], np.nan)
