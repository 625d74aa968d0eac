"""A model's networks while they are trained: who learns in a step, and who starts afresh."""

from functools import partial

import torch
from torch import Tensor, nn

from core.data.on_device import steps_for
from core.methods import Batch, Model, Phase, Stage

Optimisers = dict[str, torch.optim.Optimizer]


def to_device(model: Model, device: torch.device | str) -> Model:
    for network in model.networks.values():
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def optimisers_of(model: Model, stage: Stage) -> Optimisers:
    """One Adam for each network that a stage trains, by name."""
    adam = partial(torch.optim.Adam, lr=stage.learning_rate, weight_decay=stage.weight_decay)
    names = sorted({name for phase in stage.phases for name in phase.trains})
    return {name: adam(model.networks[name].parameters()) for name in names}


def steps_of(stage: Stage, photographs: int) -> int:
    if stage.iterations is not None:
        return stage.iterations
    return steps_for(photographs, stage.batch_size, stage.epochs) if stage.epochs else 0


def renewal_steps(stage: Stage, photographs: int) -> int:
    """Steps between two renewals of a stage; 0 where nothing is renewed."""
    if stage.fresh is None or not stage.renew_epochs:
        return 0
    return steps_for(photographs, stage.batch_size, stage.renew_epochs)


def renew(model: Model, optimisers: Optimisers, stage: Stage, number: int) -> None:
    """The stage's renewal `number`: fresh weights, and optimisers that remember nothing."""
    assert stage.fresh is not None
    for name, network in stage.fresh(number).items():
        model.networks[name].load_state_dict(network.state_dict())
        optimisers[name].state.clear()


def update(model: Model, phase: Phase, batch: Batch, optimisers: Optimisers) -> dict[str, Tensor]:
    """One step of one phase, and its losses: only the networks in `phase.trains` change, buffers
    included."""
    for name, network in model.networks.items():
        set_trainable(network, name in phase.trains)
        if name in phase.trains:
            optimisers[name].zero_grad(set_to_none=True)
    losses = phase.losses(batch)
    losses["total"].backward()
    for name in phase.trains:
        optimisers[name].step()
    return losses


def set_trainable(network: nn.Module, trainable: bool) -> None:
    """Train mode with or without changes: a network that is not trained passes gradients on, uses
    batch statistics, and keeps its weights and its running statistics."""
    if getattr(network, "_trainable", None) is trainable:
        return
    network.train()
    network.requires_grad_(trainable)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.track_running_stats = trainable
    network._trainable = trainable  # type: ignore[assignment]


def freeze(model: Model) -> Model:
    """Eval mode for good, with no gradients into the weights: how a release is measured."""
    for network in model.networks.values():
        set_trainable(network, True)  # so that batch norm uses its running statistics again
        network.eval().requires_grad_(False)
        network._trainable = None  # type: ignore[assignment]
    return model
