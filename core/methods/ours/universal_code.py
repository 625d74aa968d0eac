"""`universal_code`: one of K code words leaves the device, chosen to keep as much as possible of everything
about a face that does not tell the secrets, for tasks that nobody has named yet.

The promise of PRIC, with a proof: what it gives away at most is counted as for `certified_code`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from core.certificates.drawn import drawn, keyed
from core.errors import PenumbraError
from core.methods.baselines import original
from core.methods.declare import Batch, Choice, Method, Model, Stage, attributes_among, columns
from core.methods.ours.certified_code import TAU, learned
from core.run import Run
from core.torch_types import Generator, Tensor


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """`original`'s network with a head for every attribute of the data set; then the code words and tables, found on
    the mirrored photographs of the defender."""
    if not attributes_among(run.private):
        raise PenumbraError("universal_code hides attributes: name at least one that is private")
    from core.methods.ours.codebook import Codebook
    from core.nets.exact import exactly
    from core.storage import files

    schedule = settings["schedule"]
    trained = original.build(replace(run, tasks=attributes), settings, attributes)
    secrets, tasks = columns(attributes, run.private), columns(attributes, run.tasks)
    sizes = int(schedule["words"]), int(schedule["secret_cells"])
    codebook = Codebook(len(attributes), secrets, *sizes, TAU.grid)
    networks = trained.networks | {"codebook": codebook}

    def scores(x: Tensor) -> Tensor:
        return networks["classifier"](networks["obfuscator"](x))

    def precise(x: Tensor) -> Tensor:
        return exactly(networks["classifier"], exactly(networks["obfuscator"], x))

    def cell_of(x: Tensor) -> Tensor:
        return codebook.cell_of(x, scores(x), precise)

    def table(value: float | None = None) -> Tensor:
        return codebook.at(TAU.default if value is None else value)

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        return drawn(table(value)[cell_of(x)], keyed(x, generator))

    def learn(batches: Callable[[int], Iterator[Batch]]) -> None:
        files.rounded(trained.networks)  # as they will be measured
        codebook.learn(*learned(batches, scores, attributes, attributes), run.seed)

    words = Stage("code words", 0, int(schedule["batch_size"]), 0.0, phases=(), prepare=learn)
    return Model(
        networks=networks,
        stages=(*trained.stages, words),
        release=release,
        own_head=lambda z: codebook.answered(z, tasks),
        cells=cell_of,
        table=table,
    )


UNIVERSAL_CODE = Method(
    name="universal_code",
    title="Certified code words",
    summary=(
        "The device sends one of a few dozen code words that stand for faces which look alike in "
        "everything but the secret: for services that are not known yet, with a proof of how little "
        "of the secret it gives away."
    ),
    citation="ours; docs/certificates.md",
    knobs=(TAU,),
    presets={
        name: preset | {"schedule": preset["schedule"] | {"words": 64, "secret_cells": 4}}
        for name, preset in original.PRESETS.items()
    },
    build=build,
    color="#92400E",
    release_kind="code",
    noisy=True,
    finite=True,
    choices=(
        Choice("words", words="{:g} code words", released=True, between=(2, 512)),
        Choice("secret_cells", words="{:g} grades of each secret", released=True, between=(1, 16)),
    ),
    paper_attackers={},
)

METHODS = (UNIVERSAL_CODE,)
