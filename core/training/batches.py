"""The batch of each step of a training, as a pure function of the seed, the stage and the step."""

from collections.abc import Iterator

import torch

from core.data.on_device import OnDevice, batch_positions, draw, pair_positions
from core.methods.declare import Batch, Stage
from core.seeding import seed_of, seed_torch


def batch_at(
    photographs: OnDevice, seed: int, stage: int, step: int, batch_size: int, pairs: bool = False
) -> Batch:
    """The batch of one step: a pure function of its arguments. Also seeds torch's own generators,
    so that a network with dropout stays repeatable."""
    step_seed = seed_of(f"{seed}/{stage}/{step}")
    seed_torch(step_seed)
    if pairs:
        people = photographs.faces.identities[photographs.indices]
        positions = pair_positions(people, batch_size, step, seed, stage).to(photographs.device)
    else:
        positions = batch_positions(
            len(photographs), batch_size, step, seed, stage, photographs.device
        )
    x, attributes = draw(photographs, positions)
    identities = photographs.identities.index_select(0, positions)
    return Batch(x, attributes, identities, torch.Generator().manual_seed(step_seed))


def batches_before(
    photographs: OnDevice, seed: int, number: int, stage: Stage, count: int
) -> Iterator[Batch]:
    """At least `count` photographs, or each there is exactly once, in batches, before a stage's
    first step."""
    for step in range(-(-min(count, len(photographs)) // stage.batch_size)):
        batch = batch_at(photographs, seed, number, step, stage.batch_size)
        left = len(photographs) - step * stage.batch_size
        if left < stage.batch_size:  # the rest of it belongs to the next epoch
            x, attributes, identities = batch.x[:left], batch.attributes[:left], batch.identities
            batch = Batch(x, attributes, identities[:left], batch.generator)
        yield batch
