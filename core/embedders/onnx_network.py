"""Any face-verification network in a file in the ONNX format."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.errors import PenumbraError

EXTRA = "give `pip install -r requirements-faces.txt`"
LARGEST = 1 << 30  # bytes of a file
CHANNELS = ("rgb", "bgr")


class Preparation(NamedTuple):
    """How pixels from 0 to 255 reach the network: (pixel - mean) / scale, colours in this order. The
    default is what most models in the manner of ArcFace (CVPR 2019) were trained with."""

    mean: float = 127.5
    scale: float = 127.5
    channels: str = "rgb"


ARCFACE = Preparation()


def checked(preparation: Preparation) -> Preparation:
    """The same, numbers as floats. Raises PenumbraError for what is no preparation."""
    mean, scale, channels = preparation
    numbers = [v for v in (mean, scale) if isinstance(v, (int, float)) and abs(v) <= 1e6]
    if len(numbers) < 2 or scale <= 0:
        raise PenumbraError(
            f"mean {mean!r} and scale {scale!r} must be numbers, the scale above 0: "
            "pixels from 0 to 255 become (pixel - mean) / scale"
        )
    if channels not in CHANNELS:
        raise PenumbraError(f"channels {channels!r} must be {' or '.join(CHANNELS)}")
    return Preparation(float(mean), float(scale), channels)


def read(path: Path) -> bytes:
    """A model file's content. Raises PenumbraError when it cannot be read or is no model's size."""
    try:
        if path.stat().st_size > LARGEST:
            raise PenumbraError(f"{path} is larger than {LARGEST >> 30} GiB: no face network")
        return path.read_bytes()
    except OSError as error:
        raise PenumbraError(
            f"{path} cannot be read ({error}); name a face network in a file .onnx"
        ) from error


def key(content: bytes, preparation: Preparation) -> str:
    """SHA-256 of the model file and the preparation."""
    described = json.dumps([hashlib.sha256(content).hexdigest(), *preparation])
    return hashlib.sha256(described.encode()).hexdigest()


def opened(content: bytes, where: Path, preparation: Preparation) -> Callable[[Tensor], Tensor]:
    """float (n, 3, H, W) in [0, 1] -> (n, d): the whole photograph, resized to the model's input.

    The model has one input, float (n, 3, height, width) of fixed height and width, and its first
    output is (n, d). It runs on torch's number of CPU threads. Raises PenumbraError where
    onnxruntime is missing, the file is no model, or the model is another kind.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise PenumbraError(f"an ONNX model needs the package onnxruntime: {EXTRA}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised
    try:  # from memory: such a model cannot draw in other files
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class but this one
        raise PenumbraError(f"{where} is no ONNX model that can be run ({_line(error)})") from error
    batch, height, width = _input_size(session, where)
    name, output = session.get_inputs()[0].name, session.get_outputs()[0].name

    def answers(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """A row for each of `pixels`, filled up where the model takes no fewer at a time."""
        count, lacking = len(pixels), max(0, (batch or 0) - len(pixels))
        if lacking:
            pixels = np.concatenate((pixels, np.repeat(pixels[-1:], lacking, axis=0)))
        try:
            found = np.asarray(session.run([output], {name: pixels})[0])
        except Exception as error:
            raise PenumbraError(f"{where} fails on a photograph ({_line(error)})") from error
        if found.ndim != 2 or len(found) != len(pixels) or found.dtype.kind not in "fiu":
            raise PenumbraError(
                f"{where} answers {len(pixels)} photographs with {found.dtype} of shape "
                f"{found.shape}, not with a row of numbers each: it is no face embedder"
            )
        return found[:count].astype(np.float32)

    def embed(x: Tensor) -> Tensor:
        x = functional.interpolate(x, (height, width), mode="bilinear", antialias=True)
        x = x.flip(1) if preparation.channels == "bgr" else x
        pixels = ((255 * x - preparation.mean) / preparation.scale).contiguous().numpy()
        step = batch or max(1, len(pixels))
        parts = [answers(pixels[start : start + step]) for start in range(0, len(pixels), step)]
        return torch.from_numpy(np.concatenate(parts))

    embed(torch.full((2, 3, height, width), 0.5))  # what does not fit is said before hours of work
    return embed


def _input_size(session: Any, where: Path) -> tuple[int | None, int, int]:
    """(photographs at a time, None for any number; height; width) that the model takes."""
    inputs = session.get_inputs()
    shape = list(inputs[0].shape) if inputs else []
    if (
        len(inputs) != 1
        or inputs[0].type != "tensor(float)"
        or len(shape) != 4
        or shape[1] != 3
        or not all(isinstance(side, int) and 8 <= side <= 1024 for side in shape[2:])
    ):
        found = ", ".join(f"{one.type} {one.shape}" for one in inputs) or "none"
        raise PenumbraError(
            f"{where} takes {found[:200]}; a face network takes one float tensor "
            "(photographs, 3, height, width) of fixed height and width"
        )
    batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
    return batch, shape[2], shape[3]


def _line(error: Exception) -> str:
    """The first line of a message, not too long."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
