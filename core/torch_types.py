"""Torch's types for annotations in modules that do not import torch, so that the app starts fast."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Generator, Tensor
    from torch import device as Device
    from torch.nn import Module

    from core.data.held import Rows
else:
    Device = Generator = Module = Rows = Tensor = Any

__all__ = ["Device", "Generator", "Module", "Rows", "Tensor"]
