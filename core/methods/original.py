"""`original`: the encoder trained for the tasks alone, its features released as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.methods.declare import UNPROTECTED, Method, Model
from core.methods.task_network import PRESETS, reference_stages, task_networks

if TYPE_CHECKING:
    from core.run import Run


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Obfuscator and classifier of DeepObfuscator's Table 1 without adversarial training: the
    paper's second baseline."""
    networks = task_networks(run, settings)
    return Model(
        networks=networks,
        stages=reference_stages(run, settings, networks, attributes),
        release=lambda x, generator, value: networks["obfuscator"](x),
        own_head=networks["classifier"],
    )


ORIGINAL = Method(
    name=UNPROTECTED,
    title="Unprotected features",
    summary="The encoder is trained for the task alone. Its features leave the device as they are.",
    citation="DeepObfuscator, section 4.3, the baseline without adversarial training",
    knobs=(),
    presets=PRESETS,
    build=build,
    color="#6B7280",
    baseline=True,
)

METHODS = (ORIGINAL,)
