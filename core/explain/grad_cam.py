"""Grad-CAM through whatever stands between a photograph and a decision, the device's network
included.

In its form by Draelos and Carin ("HiResCAM", arXiv:2011.08891): activation times gradient, place
by place. Where the map is averaged before it is weighed, as in `core.explain.reader`, that is
Grad-CAM itself (Selvaraju et al., ICCV 2017); elsewhere, as inside a device's network, Grad-CAM
can point at places that played no part, and this form cannot.
"""

import warnings
from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks.features import LEAST_SIDE

BATCH = 64
MOST_SIDE = 16  # cells of a map that is kept; larger ones are averaged down


class Chain(nn.Module):
    """x (n, 3, H, W) in [0, 1] -> logits: the release, then what reads it. `generator` is what the
    release draws its noise from."""

    def __init__(
        self,
        release: Callable[[Tensor, Generator], Tensor],
        scaler: Callable[[Tensor], Tensor],
        network: nn.Module,
        device_networks: Iterable[nn.Module] = (),
    ) -> None:
        super().__init__()
        self.release, self.scaler, self.network = release, scaler, network
        self.device_networks = nn.ModuleList(device_networks)
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.scaler(self.release(x, self.generator)))


def last_map(
    release: Callable[[Tensor, Generator], Tensor], networks: Iterable[nn.Module], x: Tensor
) -> tuple[nn.Module, str] | None:
    """The last convolution on the way from photographs x (n, 3, H, W) to their release whose map
    has `LEAST_SIDE` cells a side, with its name; None where there is none, or where the release
    cannot be differentiated."""
    seen: list[tuple[nn.Module, str, Tensor]] = []
    handles = []
    for network in networks:
        for name, module in network.named_modules():
            if isinstance(module, nn.Conv2d):

                def note(layer: nn.Module, given: object, out: Tensor, name: str = name) -> None:
                    seen.append((layer, name, out))

                handles.append(module.register_forward_hook(note))
    try:
        released = release(x.clone().requires_grad_(), torch.Generator().manual_seed(0))
    finally:
        for handle in handles:
            handle.remove()
    large = [entry for entry in seen if min(entry[2].shape[-2:]) >= LEAST_SIDE]
    large = [entry for entry in large if entry[2].requires_grad]
    if not released.requires_grad or not large:
        return None
    outputs = [out for _, _, out in large]
    gradients = torch.autograd.grad(released.sum(), outputs, allow_unused=True)
    used = [
        entry[:2] for entry, g in zip(large, gradients, strict=True) if g is not None and g.any()
    ]
    return used[-1] if used else None


def logits(chain: Chain, x: Tensor, draws: int, seed: int) -> NDArray[np.float32]:
    """Mean logits (n, T) of photographs x uint8 (n, 3, H, W) over draws of the release's noise."""
    chain.eval()
    found = []
    with torch.no_grad():
        for draw in range(draws):
            chain.generator.manual_seed(seed + draw)
            found.append(torch.cat([chain(part) for part in _batches(x)]))
    return torch.stack(found).mean(0).cpu().numpy()


def evidence(
    chain: Chain,
    layer: nn.Module,
    x: Tensor,
    column: int,
    yes: NDArray[np.bool_],
    draws: int,
    seed: int,
) -> NDArray[np.float32]:
    """Where the evidence for its decision lies: maps float (n, h, w) >= 0 of photographs x uint8
    (n, 3, H, W), the mean over draws of the release's noise.

    column  of the logits; `yes` (n,): whether the decision on it is yes, so that evidence for no is
            shown where it is no
    layer   whose map is looked at

    Gradients of the chain's weights are set to zero.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that the package brings and this needs not
        from pytorch_grad_cam import HiResCAM

    chain.eval()
    signs = torch.as_tensor(np.where(yes, 1.0, -1.0), dtype=torch.float32, device=x.device)
    total: NDArray[np.float32] | None = None
    with HiResCAM(chain, [layer]) as cam:
        for draw in range(draws):
            chain.generator.manual_seed(seed + draw)
            parts = []
            for part, sign in zip(_batches(x), signs.split(BATCH), strict=True):
                outputs = cam.activations_and_grads(part.requires_grad_())
                chain.zero_grad()
                (sign * outputs[:, column]).sum().backward()
                held = cam.activations_and_grads
                activation, gradient = held.activations[-1].numpy(), held.gradients[-1].numpy()
                parts.append(cam.get_cam_image(part, layer, None, activation, gradient, False))
            found = np.concatenate(parts)
            total = found if total is None else total + found
    chain.zero_grad()
    assert total is not None
    return _small(np.maximum(total / draws, 0))


def _small(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps (n, h, w) averaged down to at most `MOST_SIDE` cells a side."""
    height, width = maps.shape[-2:]
    size = (min(height, MOST_SIDE), min(width, MOST_SIDE))
    return functional.adaptive_avg_pool2d(torch.from_numpy(maps)[None], size)[0].numpy()


def _batches(x: Tensor) -> list[Tensor]:
    return [part.float() / 255 for part in x.split(BATCH)]
