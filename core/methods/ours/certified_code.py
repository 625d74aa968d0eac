"""`certified_code`: one of a few answers leaves the device, drawn from a table that hides the secrets
from every attacker there can be.

The device scores the tasks and the secrets, cuts the scores into cells, and answers by the table
(`core.certificates.program`) that serves the tasks best while the answers of people with a secret and
without it differ by at most tau in total variation. What that gives away at most is certified on
people who were used for nothing before (`core.evaluation.proof`); docs/certificates.md has the proofs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from core.certificates.drawn import drawn, keyed
from core.errors import PenumbraError
from core.methods.baselines import original
from core.methods.declare import Batch, Choice, Knob, Method, Model, Phase, Stage, columns, stage_of
from core.run import Run
from core.torch_types import Generator, Module, Tensor

MOST_ANSWERS = 12  # so that all attackers can be counted one by one (`core.certificates.betting`)
TAU = Knob(
    name="tau",
    symbol="τ",
    default=0.1,
    grid=(1.0, 0.3, 0.2, 0.1, 0.05, 0.02, 0.0),
    when="release",
    mixed=True,
    help=(
        "How much the answers of people with the secret and without it may differ: 1 hides nothing, "
        "at 0 both are answered alike."
    ),
)


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """`original`'s network, which knows the tasks alone; a second reader of its features for the
    secrets; then the cells and tables, found on the mirrored photographs of the defender: of those it
    has learned by heart, a network's scores tell more than of anybody else's."""
    if not run.private:
        raise PenumbraError("certified_code hides attributes: name at least one that is private")
    import torch

    from core import losses
    from core.methods.ours.cells import Tables
    from core.nets import vgg
    from core.nets.exact import exactly
    from core.storage import files

    schedule = settings["schedule"]
    sizes = cells(schedule, len(run.tasks), len(run.private))
    trained = original.build(run, settings, attributes)
    secrets = columns(attributes, run.private)
    reader = vgg.seeded(run.seed, "secrets", lambda: original.classifier(settings, len(secrets)))
    answers = min(2 ** len(run.tasks), MOST_ANSWERS)
    tables = Tables(sizes, len(run.tasks), answers, TAU.grid)
    guesses = schedule["secret_cells"] > 1  # else nobody estimates the secrets, the device neither
    heads: dict[str, Module] = trained.networks | ({"secrets": reader} if guesses else {})

    def read_by(network: Callable[[str, Tensor], Tensor], x: Tensor) -> Tensor:
        features = network("obfuscator", x)
        served = network("classifier", features)
        unknown = served.new_zeros(len(served), len(secrets))
        return torch.cat([served, network("secrets", features) if guesses else unknown], 1)

    def scores(x: Tensor) -> Tensor:
        return read_by(lambda name, given: heads[name](given), x)

    def precise(x: Tensor) -> Tensor:
        return read_by(lambda name, given: exactly(heads[name], given), x)

    def guess(batch: Batch) -> dict[str, Tensor]:
        told = losses.cross_entropy(
            reader(heads["obfuscator"](batch.x)), batch.attributes[:, secrets]
        )
        return {"total": told, "secrets": told}

    def cell_of(x: Tensor) -> Tensor:
        return tables.cell_of(x, scores(x), precise)

    def table(value: float | None = None) -> Tensor:
        return tables.at(TAU.default if value is None else value)

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        return drawn(table(value)[cell_of(x)], keyed(x, generator))

    def solve(batches: Callable[[int], Iterator[Batch]]) -> None:
        files.rounded(heads)  # as they will be measured
        tables.solve(*learned(batches, scores, [*run.tasks, *run.private], attributes))

    mine = ("batch_size", "learning_rate", "secret_epochs")
    guessing = stage_of(
        schedule,
        "secret",
        (Phase("secrets", ("secrets",), guess),),
        shared={"stage": "secrets", "private": run.private} | {k: schedule[k] for k in mine},
    )
    solving = Stage("tables", 0, int(schedule["batch_size"]), 0.0, phases=(), prepare=solve)
    return Model(
        networks=heads | {"tables": tables},
        stages=(*trained.stages, *((guessing,) if guesses else ()), solving),
        release=release,
        own_head=tables.answered,
        cells=cell_of,
        table=table,
    )


def cells(schedule: dict[str, float], tasks: int, secrets: int) -> tuple[int, ...]:
    """How many cells each score is cut into, tasks first: as many for each task, at least 2, as the
    entry `cells` has room for."""
    each = max(2, math.floor(schedule["cells"] ** (1 / tasks) + 1e-9))
    return (each,) * tasks + (int(schedule["secret_cells"]),) * secrets


def learned(
    batches: Callable[[int], Iterator[Batch]],
    scores: Callable[[Tensor], Tensor],
    names: Sequence[str],
    attributes: tuple[str, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (n, heads) of all mirrored photographs, labels (n, heads), identities (n,)."""
    wanted = columns(attributes, tuple(names))
    found, labels, people = [], [], []
    for batch in batches(10**9):
        found.append(scores(batch.x.flip(-1)).cpu().numpy())
        labels.append(batch.attributes[:, wanted].cpu().numpy())
        people.append(batch.identities.cpu().numpy())
    return np.concatenate(found), np.concatenate(labels), np.concatenate(people)


CHOICES = (
    Choice("cells", words="{:g} cells for the tasks", released=True, between=(2, 256)),
    Choice("secret_cells", words="{:g} cells for each secret", released=True, between=(1, 16)),
)
CERTIFIED_CODE = Method(
    name="certified_code",
    title="Certified answers",
    summary=(
        "The device sends one of a few answers, drawn from a table made so that nobody can tell the "
        "secret from it: how little it gives away is proven, not only measured."
    ),
    citation="ours; docs/certificates.md",
    knobs=(TAU,),
    presets={
        name: preset
        | {
            "schedule": preset["schedule"]
            | {"secret_epochs": epochs, "cells": 32, "secret_cells": 2}
        }
        for (name, preset), epochs in zip(original.PRESETS.items(), (10, 16), strict=True)
    },
    build=build,
    color="#B45309",
    release_kind="answer",
    noisy=True,
    finite=True,
    choices=CHOICES,
    paper_attackers={},
)

METHODS = (CERTIFIED_CODE,)
