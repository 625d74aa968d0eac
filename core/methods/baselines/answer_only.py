"""`answer_only`: the device runs the whole task network and sends nothing but its answer."""

from dataclasses import replace
from typing import Any

from core.methods.baselines import original
from core.methods.declare import Model
from core.run import Run
from core.torch_types import Generator, Tensor


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """The release is the logits (B, tasks) of the network that `original` trains."""
    model = original.build(run, settings, attributes)

    def release(x: Tensor, generator: Generator, value: float | None = None) -> Tensor:
        return model.networks["classifier"](model.release(x, generator, value))

    return replace(model, release=release, own_head=lambda z: z)


ANSWER_ONLY = replace(
    original.ORIGINAL,
    name="answer_only",
    title="Answer only",
    summary=(
        "The device runs the whole network and sends only its answer. Where the task is known "
        "and the device is strong enough, every method has to beat this."
    ),
    citation="the trivial alternative; no paper",
    build=build,
    color="#9CA3AF",
    release_kind="answer",
)

METHODS = (ANSWER_ONLY,)
