"""Runs with real networks that nobody trained: what restores and releases can be tested on them in
no time. The numbers of `tests.checkpoint_folders` stay made up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from core import train
from core.methods import METHODS
from core.nets.decoders import decoder_for
from core.own_photograph import redraw
from core.run import VERSION, Run
from core.storage import files
from core.training import run_record

ATTRIBUTES = ("Male", "Smiling", "Young")


def bring_to_life(
    folder: Path, run: Run, release_value: float | None = None, seed: int = 0
) -> None:
    """Give the run in `folder` networks and its kept attacker's weights, drawn at random."""
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = train.freeze(METHODS[run.method].model(run, ATTRIBUTES))
        record = {"version": VERSION, "run": asdict(run), "seconds": 60.0, "device": "cpu"}
        run_record.finish(folder, model, record | {"attributes": list(ATTRIBUTES)})
        preset = METHODS[run.method].presets[run.preset]
        height, width = preset["height"], preset["width"]
        blank = torch.zeros(1, 3, height, width)
        z = redraw._folded(model, model.release(blank, torch.Generator(), release_value))
        decoder = decoder_for(tuple(z.shape[1:]), height, width)
    shape = (1, z.shape[1], 1, 1) if z.ndim == 4 else z.shape[1:]
    weights = files.halved(dict(decoder.state_dict()))
    # seeds differ in what they draw by more than two decimals of the score
    weights |= {"mean": torch.zeros(shape), "scale": torch.full(shape, 1.0 + 40 * seed)}
    place = redraw.weights_of(folder, release_value)
    files.save_tensors(place, weights)
    (place.parent / "done").write_text("")
