"""The state of a training on disk: networks, optimisers, stage and step. Nothing random is in it,
because every step's randomness is a function of the step (see `core.train`)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from core.methods import Model, Stage
from core.storage import files


def optimisers_of(model: Model, stage: Stage) -> dict[str, torch.optim.Optimizer]:
    """One Adam for each network that a stage trains, by name."""
    names = {name for phase in stage.phases for name in phase.trains}
    return {
        name: torch.optim.Adam(
            model.networks[name].parameters(),
            lr=stage.learning_rate,
            weight_decay=stage.weight_decay,
        )
        for name in sorted(names)
    }


def save(
    folder: Path,
    model: Model,
    optimisers: dict[str, torch.optim.Optimizer],
    stage: int,
    step: int,
    seconds: float,
) -> None:
    """Save so that a kill at any moment leaves this state or the one before."""
    tensors = files.network_tensors(model.networks)
    for name, optimiser in optimisers.items():
        for index, entry in optimiser.state_dict()["state"].items():
            for key, value in entry.items():
                tensors[f"optimiser/{name}/{index}/{key}"] = torch.as_tensor(value)
    # The file of the state before stays until state.json names the new one.
    name = f"state-{stage}-{step}.safetensors"
    digest = files.save_tensors(folder / name, tensors)
    state = {"stage": stage, "step": step, "seconds": seconds, "file": name, "sha256": digest}
    files.write_json(folder / "state.json", state)
    for old in folder.glob("state-*.safetensors"):
        if old.name != name:
            old.unlink()


def resume(
    model: Model, folder: Path, device: torch.device
) -> tuple[int, int, dict[str, torch.optim.Optimizer], float]:
    """(stage, step, optimisers, seconds so far) from the saved state, or the beginning."""
    if not (folder / "state.json").is_file():
        return 0, 0, {}, 0.0
    state = files.read_json(folder / "state.json")
    path = folder / Path(str(state["file"])).name
    tensors = files.load_tensors(path, state["sha256"])
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
    return state["stage"], state["step"], optimisers, state["seconds"]
