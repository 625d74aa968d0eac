"""What face-verification networks see in pictures and photographs."""

from typing import NamedTuple

import torch
from torch import Tensor

from core import device as devices
from core import embedders
from core.attacks.interface import AttackerView
from core.data.held import Rows

MOST_RECONSTRUCTED = 256  # pictures of one attacker that a slow network is asked for


class Network(NamedTuple):
    """A face-verification network through which a view is measured.

    suffix    what the names of metrics measured through it end in; "" of Penumbra's own
    embedder  made by others; None for Penumbra's own
    most      reconstructions of one attacker that are judged through it; None for all
    """

    suffix: str = ""
    embedder: embedders.Embedder | None = None
    most: int | None = None


OWN = Network()


def networks(view: AttackerView) -> list[Network]:
    """Penumbra's own and a second one, as far as the data set has them."""
    own = [OWN] if view.face_features is not None else []
    if view.embedder is None:
        return own
    return [*own, Network(f"_{view.embedder.name}", view.embedder, MOST_RECONSTRUCTED)]


def faces_in(view: AttackerView, pictures: Rows, network: Network = OWN) -> Tensor:
    """Unit vectors (n, d), float32, of pictures (n, 3, H, W), uint8 or float in [0, 1]; there must
    be such a network."""
    if network.embedder is not None:
        return embedders.faces_in(network.embedder, pictures)
    assert view.face_features is not None
    with torch.no_grad():
        parts = [
            view.face_features(part.float() / 255 if part.dtype == torch.uint8 else part)
            for part in pictures.split(devices.batch(pictures.device))
        ]
    return torch.cat(parts).float()


def photographed(view: AttackerView, split: str, network: Network = OWN) -> Tensor:
    """`faces_in` the photographs of a split, computed once."""
    key = f"faces{network.suffix}/{split}"
    if key not in view.scratch:
        view.scratch[key] = (
            faces_in(view, view.x[split])
            if network.embedder is None
            else embedders.photographed(network.embedder, view.x[split])
        )
    return view.scratch[key]
