"""The state of a training on disk: networks, optimisers, stage and step."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from core.methods import Model
from core.storage import files, run_folder
from core.training.networks import Optimisers, optimisers_of


class Start(NamedTuple):
    """Where a training begins, or goes on: stage, step in it, its optimisers, seconds so far."""

    stage: int
    step: int
    optimisers: Optimisers
    seconds: float


def save(
    folder: Path, model: Model, optimisers: Optimisers, stage: int, step: int, seconds: float
) -> None:
    tensors = files.network_tensors(model.networks)
    for name, optimiser in optimisers.items():
        for index, entry in optimiser.state_dict()["state"].items():
            for key, value in entry.items():
                tensors[f"optimiser/{name}/{index}/{key}"] = torch.as_tensor(value)
    run_folder.save_state(folder, tensors, stage, step, seconds)


def resume(model: Model, folder: Path) -> Start:
    """Fill the model from the saved state, where there is one."""
    saved = run_folder.read_state(folder)
    if saved is None:
        return Start(0, 0, {}, 0.0)
    state, path, tensors = saved
    files.fill_networks(model.networks, tensors, path)
    optimisers = optimisers_of(model, model.stages[state["stage"]])
    for name, optimiser in optimisers.items():
        prefix = f"optimiser/{name}/"
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(prefix):
                index, field = key[len(prefix) :].split("/")
                entries.setdefault(int(index), {})[field] = value
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": entries, "param_groups": groups})
    return Start(state["stage"], state["step"], optimisers, state["seconds"])
