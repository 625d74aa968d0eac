"""dlib's face-verification network, on photographs that were aligned as CelebA's are.

King (2017), `dlib_face_recognition_resnet_model_v1`: a ResNet with 29 convolutions, trained on some
three million photographs, CC0; the weights come with the package `face_recognition_models`. It
wants a face turned upright in a square of 150 pixels: on photographs aligned as CelebA's are, one
fixed crop does that; others are refused.
"""

import hashlib
import json
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.sources import SOURCES
from core.errors import PenumbraError

NAME = "dlib"
EXTRA = "give `pip install -r requirements-faces.txt`"
WEIGHTS_PACKAGE = "face_recognition_models"
WEIGHTS_FILE = "models/dlib_face_recognition_resnet_model_v1.dat"
WEIGHTS_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
SIDE = 150  # pixels of what the network sees
# Column u and row v of the network's square show column (u + 49.1) / 1.9355 and row
# (v + 80.8) / 1.9355 of CelebA's central 178x178 pixels, resized to 128x128: a fit of dlib's own
# alignment on such photographs.
SCALE, LEFT, ABOVE, FITTED_AT = 1.9355, 49.1, 80.8, 128


def key() -> str:
    """SHA-256 of the weights and the crop."""
    described = [WEIGHTS_SHA256, SIDE, SCALE, LEFT, ABOVE, FITTED_AT]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def check(dataset: str, entry: dict[str, Any], height: int, width: int) -> None:
    """Raises PenumbraError where the photographs of a catalogue entry, at height x width pixels,
    do not lie as the fixed crop expects."""
    remedy = f"`python -m core data embedder {dataset} none` goes on without dlib"
    source = SOURCES.get(entry["source"])  # a join has none
    if source is None or not source.celeba_aligned:
        raise PenumbraError(
            f"{dataset}: dlib's network needs faces aligned as CelebA's are, and source "
            f"{entry['source']!r} does not promise that; name an ONNX model, or {remedy}"
        )
    if entry.get("options", {}).get("crop", 1.0) != 1.0:
        raise PenumbraError(
            f"{dataset}: its option crop moves the faces, and dlib's fixed crop then misses them; "
            f"add it without, or {remedy}"
        )
    if height != width:
        raise PenumbraError(
            f"{dataset} at {height} x {width} pixels: dlib's fixed crop is for square photographs; "
            f"{remedy}"
        )


def opened() -> Callable[[Tensor], Tensor]:
    """float (n, 3, S, S) in [0, 1] -> (n, 128), on one core: dlib keeps Python's lock.

    Raises PenumbraError where the packages are missing, or the weights are not the published ones.
    """
    path = weights_path()
    if path is None:
        raise PenumbraError(
            f"dlib's network needs the packages dlib-bin and {WEIGHTS_PACKAGE}: {EXTRA}"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PenumbraError(f"{path} cannot be read ({error}); {EXTRA} again") from error
    # dlib's reader trusts its file, so nothing but the published one is given to it.
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise PenumbraError(f"{path} is not the published file; {EXTRA} again")
    import dlib

    network = dlib.face_recognition_model_v1(str(path))

    def embed(x: Tensor) -> Tensor:
        squares = (chips(x) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        return torch.from_numpy(np.array(network.compute_face_descriptor(list(squares))))

    return embed


def weights_path() -> Path | None:
    """Where the installed package has the weights; None where it, or dlib, is not installed.

    The package is never imported: it asks for one that newer Pythons have not.
    """
    found = util.find_spec(WEIGHTS_PACKAGE)
    if found is None or found.origin is None or util.find_spec("dlib") is None:
        return None
    return Path(found.origin).parent / WEIGHTS_FILE


def chips(x: Tensor) -> Tensor:
    """The part of photographs (n, 3, S, S) in [0, 1] that shows the face as dlib wants it,
    (n, 3, 150, 150): the same part of the photograph for every S, bilinear as dlib's own."""
    most = round(SCALE * FITTED_AT)  # a larger photograph has more pixels than the square
    if x.shape[-1] > most:
        x = functional.interpolate(x, (most, most), mode="bilinear", antialias=True)
    places = torch.arange(SIDE, dtype=torch.float32)
    across = (2 * (places + LEFT) / SCALE + 1) / FITTED_AT - 1  # -1 and 1 are the edges
    down = (2 * (places + ABOVE) / SCALE + 1) / FITTED_AT - 1
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=2)
    grid = grid.to(x.device).expand(len(x), -1, -1, -1)
    found = functional.grid_sample(x, grid, "bilinear", "border", align_corners=False)
    return found.clamp(0, 1)
