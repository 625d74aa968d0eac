"""`noisy_features`: noise is added to the photograph, and what the task network makes of it is sent."""

from dataclasses import replace
from typing import Any

from core.methods.baselines import image_filters, original
from core.methods.declare import Model
from core.run import Run
from core.torch_types import Generator, Tensor


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """DeepObfuscator's first baseline: the network that `original` trains, given x + N(0, sigma^2)."""
    model = original.build(run, settings, attributes)

    def release(x: Tensor, generator: Generator, value: float | None) -> Tensor:
        assert value is not None
        return model.networks["obfuscator"](image_filters.add_noise(x, generator, value))

    return replace(model, release=release)


NOISY_FEATURES = replace(
    original.ORIGINAL,
    name="noisy_features",
    title="Features of a noisy picture",
    summary=(
        "Gaussian noise is added to every pixel on the device, and the features of the noisy picture "
        "leave it."
    ),
    citation="DeepObfuscator, section 4.3, the noise baseline",
    knobs=(image_filters.SIGMA,),
    build=build,
    color="#6F7680",
    noisy=True,
    preview=image_filters.preview_noise,
    departures=(
        "The paper does not say how much noise it adds, only that the picture becomes just "
        "unrecognizable: the amounts are ours.",
        "Nor does it say whether its networks were trained on noisy photographs: ours was trained "
        "on plain ones, and its attackers learn from noisy releases.",
    ),
)

METHODS = (NOISY_FEATURES,)
