"""Filters of the photograph: what a page draws is what the device would send."""

import numpy as np
import pytest
import torch

from core.methods.baselines.image_filters import BLUR, IMAGE_NOISE, PIXELATE, RANDOM_REPLACE
from core.run import Run


def released(method, picture, value):
    model = method.model(Run(method.name, "tiny"), ())
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    z = model.release(x, torch.Generator().manual_seed(0), value)
    return z[0].permute(1, 2, 0).numpy()


def drawn(method, picture, value):
    return method.preview(picture, value, np.random.default_rng(0))


@pytest.mark.parametrize("size", [(24, 20), (23, 31), (64, 64)])
@pytest.mark.parametrize(
    ("method", "values"), [(BLUR, (3, 6, 12, 30)), (PIXELATE, (3, 4, 7, 8, 16))]
)
def test_blurred_and_pixelated_pictures_agree(method, values, size):
    picture = np.random.default_rng(0).random((*size, 3))
    for value in values:
        assert drawn(method, picture, value) == pytest.approx(
            released(method, picture, value), abs=1e-5
        )


def test_noise_has_its_standard_deviation_and_is_not_clipped():
    for found in (f(IMAGE_NOISE, np.full((64, 64, 3), 0.9), 0.4) for f in (drawn, released)):
        assert found.mean() == pytest.approx(0.9, abs=0.02)
        assert found.std() == pytest.approx(0.4, rel=0.04)
        assert found.max() > 1


def test_replaced_values_are_drawn_evenly_and_the_rest_stays():
    for found in (f(RANDOM_REPLACE, np.full((64, 64, 3), 2.0), 0.9) for f in (drawn, released)):
        kept = found == 2
        assert kept.mean() == pytest.approx(0.1, abs=0.02)
        assert found[~kept].mean() == pytest.approx(0.5, abs=0.02)
        assert 0 <= found[~kept].min() < 0.01 < 0.99 < found[~kept].max() <= 1


def test_the_same_photograph_is_released_alike_unless_the_method_is_noisy():
    picture = np.random.default_rng(1).random((16, 16, 3))
    for method in (BLUR, IMAGE_NOISE, PIXELATE, RANDOM_REPLACE):
        first, second = (method.preview(picture, 4, np.random.default_rng(seed)) for seed in (0, 1))
        assert np.array_equal(first, second) != method.noisy
