"""What a stored attacker reconstructs of pictures it has never seen: a finished run's release and the
weights of its `mirrored_decoder`, as `core.evaluate` left them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.attacks.reconstruction.decoders import mirrored_decoder
from core.errors import PenumbraError
from core.methods import METHODS, Model
from core.metrics import images, of_pictures
from core.storage import attack_folders, files, numbers_only, whole_folders
from core.storage.attack_folders import Task
from core.torch_types import Device, Module, Tensor

ATTACKER = mirrored_decoder.name  # its weights are kept
SEED = 0  # of a release's noise: the same photograph gives the same release


class Restored(NamedTuple):
    """A run and its attacker, ready to be asked.

    lock   one release at a time: two at once would take turns on the processor anyway, and hold
           their feature maps in memory twice
    """

    model: Model
    decoder: Module
    scaler: Callable[[Tensor], Tensor]
    release_value: float | None
    height: int
    width: int
    device: Device
    lock: threading.Lock


def weights_of(folder: Path, release_value: float | None) -> Path:
    """Where the attacker's weights of a setting are, if they were kept."""
    task = Task("strict", ATTACKER, release_value)
    return attack_folders.weights_file(attack_folders.place(folder, task))


def kept(folder: Path, release_value: float | None) -> bool:
    """Whether the attacker of a setting can be restored. Reads names of files only."""
    place = weights_of(folder, release_value)
    return place.is_file() and whole_folders.is_done(place.parent)


def restore(folder: Path, release_value: float | None, device: str = "auto") -> Restored:
    """The run in `folder` and its attacker at `release_value` (None: the method has no such knob).

    Raises PenumbraError where the weights were not kept, are damaged, or do not fit the release.
    """
    import torch

    from core import device as devices
    from core import train
    from core.attacks.features import Scaler
    from core.nets.decoders import decoder_for

    place = weights_of(folder, release_value)
    numbers_only.refuse(folder)
    if not kept(folder, release_value):
        raise PenumbraError(
            f"{folder.name}: this attacker's network was not kept at this setting; "
            "choose another value of the knob, or evaluate the run again"
        )
    chosen = devices.choose(device)
    run, _, model = train.load(folder, chosen)
    height, width = METHODS[run.method].size(run.preset)
    tensors = files.load_tensors(place)
    with torch.no_grad():
        blank = torch.zeros(1, 3, height, width, device=chosen)
        z = _folded(model, model.release(blank, torch.Generator().manual_seed(SEED), release_value))
    decoder = decoder_for(tuple(z.shape[1:]), height, width)
    try:
        mean, scale = tensors.pop("mean").float(), tensors.pop("scale").float()
        decoder.load_state_dict({name: value.float() for name, value in tensors.items()})
        z.cpu().float() - mean * scale  # raises where the shapes do not fit
    except (KeyError, RuntimeError) as error:
        raise PenumbraError(
            f"{place} does not fit this version of Penumbra; delete that folder and evaluate again"
        ) from error
    decoder = decoder.to(chosen).eval().requires_grad_(False)
    scaler = Scaler(mean.to(chosen), scale.to(chosen))
    lock = threading.Lock()
    return Restored(model, decoder, scaler, release_value, height, width, chosen, lock)


def redraw(restored: Restored, pictures: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    """What the attacker makes of pictures uint8 (n, H, W, 3) of the run's own size, none of which
    it has seen: `reconstructions` uint8 (n, H, W, 3), and `ms_ssim`, `ssim`, `psnr` float64 (n,).

    Raises PenumbraError for pictures of another size.
    """
    import torch

    from core.attacks.releases import released

    if pictures.ndim != 4 or pictures.shape[1:] != (restored.height, restored.width, 3):
        raise PenumbraError(
            f"the network sees {restored.width} x {restored.height} pixels, got an array of "
            f"{pictures.shape}"
        )
    truth = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).to(restored.device)
    model, value = restored.model, restored.release_value
    with restored.lock:
        z = released(lambda x, drawn: model.release(x, drawn, value), truth, SEED, len(truth))
        return from_releases(restored, z, truth)


def from_releases(restored: Restored, z: Tensor, truth: Tensor) -> dict[str, NDArray[np.generic]]:
    """`redraw` from the releases z (n, …) of the photographs `truth`, uint8 (n, 3, H, W)."""
    import torch

    from core.attacks.reconstruction.training import decode

    with torch.no_grad():
        z = _folded(restored.model, z).float()
        drawn = decode(restored.decoder, restored.scaler(z))
        scores = images.similarities(drawn, truth, of_pictures())
    found = {name: values.double().numpy() for name, values in scores.items()}
    return {**found, "reconstructions": drawn.permute(0, 2, 3, 1).cpu().numpy()}


def _folded(model: Model, z: Tensor) -> Tensor:
    """A flattened map folded back, as attackers see it (`Model.released_map`)."""
    return z if model.released_map is None else z.reshape(len(z), *model.released_map)
