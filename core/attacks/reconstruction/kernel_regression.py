"""Reconstruction without a network: what a release says of a picture, by kernel regression."""

import numpy as np

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.metrics import images
from core.torch_types import Generator, Rows, Tensor

AXES = 256  # principal axes of the photographs that are guessed; the rest stays at its mean
FITTED = 3  # settings, the nearest on validation photographs, that are fitted to all rows


@attack(title="picture redrawer (kernel regression)", target="image")
def kernel_redrawer(view: AttackerView, generator: Generator) -> Result:
    """Kernel ridge regression (`core.attacks.attributes.kernels`) from the standardised, flattened
    release to the photograph's place on the principal axes of the attacker's photographs.

    Width, penalty and whitening are chosen by the pixels' squared error on validation, the best
    `FITTED` again by MS-SSIM.
    """
    import torch

    from core.attacks import features as flat
    from core.attacks.attributes.kernels import COMPARED_ON, GRID, MOST_ROWS, fitted
    from core.attacks.reconstruction.scoring import score_reconstructions
    from core.data.held import together

    features = flat.flat_features(view, "attacker", turned=True)
    truth, mean, axes = _on_axes(view.x["attacker"])
    wanted = together(view.x["validation"], lambda x: (_flat(x) - mean) @ axes)
    order = torch.randperm(len(truth), generator=generator).to(truth.device)
    errors = [
        float((score("validation") - wanted).square().sum(1).double().mean())
        for score in fitted(features, truth, order[:COMPARED_ON], GRID)
    ]
    nearest = [GRID[place] for place in sorted(np.argsort(errors, kind="stable")[:FITTED])]
    best, drawn = -np.inf, (view.x["test"][:0], view.x["validation"][:0])
    for score in fitted(features, truth, order[:MOST_ROWS], nearest):
        guess = _pictures(score("validation"), mean, axes, view.x["validation"])
        if (value := images.mean_ms_ssim(guess, view.x["validation"])) > best:
            best = value
            drawn = _pictures(score("test"), mean, axes, view.x["test"]), guess
    return score_reconstructions(view, kernel_redrawer, drawn[0], best, drawn[1])


def _flat(x: Tensor) -> Tensor:
    return x.flatten(1).float() / 255


def _on_axes(x: Rows) -> tuple[Tensor, Tensor, Tensor]:
    """(coefficients float64 (n, r), mean (d,), axes (d, r)) of photographs uint8 (n, 3, H, W)."""
    from core.attacks import features as flat
    from core.data.held import mapped, mean, together

    middle = mean(x, _flat)
    centred = mapped(x, lambda part: _flat(part) - middle)
    axes = flat.principal_axes(centred, AXES)
    return together(centred, axes.__rmatmul__).double(), middle, axes


def _pictures(coefficients: Tensor, middle: Tensor, axes: Tensor, like: Rows) -> Tensor:
    """Pictures uint8 of the shape of `like` from their places (n, r) on the axes."""
    import torch

    pixels = (coefficients @ axes.T + middle).clamp(0, 1)
    return pixels.mul(255).round().to(torch.uint8).view(like.shape)
