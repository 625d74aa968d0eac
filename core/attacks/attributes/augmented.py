"""An attacker who varies their photographs: they own the device, and can release what they like."""

import numpy as np

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result, check_finite
from core.torch_types import Generator

COPIES = 1  # varied photographs of each of the attacker's, beside it


@attack(
    title="attacker who varied their photographs",
    target="attribute",
    made_of=("cnn", "kernel", "mlp"),
)
def augmented(view: AttackerView, generator: Generator) -> Result:
    """A convolutional network, or on flat releases kernel ridge regression and MLP, the better on
    validation, trained on the releases of the attacker's photographs and of `COPIES` variations of
    each: mirrored, shifted, turned by a few degrees, lighter or darker, tinted
    (`core.attacks.variation`). Rows and arrays as a probe's, without the tasks.
    """
    import torch

    from core.attacks.attributes import classifiers, kernels, scoring
    from core.attacks.features import is_spatial
    from core.attacks.releases import released
    from core.attacks.variation import again
    from core.data.held import joined

    z, x = view.z["attacker"], view.x["attacker"]
    seeds = torch.randint(2**31, (COPIES,), generator=generator).tolist()
    more = [released(view.release, again(x, generator), seed) for seed in seeds]
    given = view.with_attacker(joined([z, *more]), np.tile(np.arange(len(z)), 1 + COPIES))
    check_finite(given)
    flat = scoring.best_of(kernels.fit_kernel, classifiers.fit_mlp)
    family = classifiers.fit_cnn if is_spatial(view) else flat
    return scoring.probe(given, generator, "augmented", family, ["attacker"])
