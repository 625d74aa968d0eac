"""Where somebody looks who reads an attribute: Grad-CAM of the attacker and of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Generator

    from core.explain import Subject


def attention(
    subject: Subject, generator: Generator
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    raise NotImplementedError
