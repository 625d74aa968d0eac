import pytest
import pytorch_msssim
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from core.errors import PenumbraError
from core.metrics import images, of_pictures
from core.metrics.multi_scale import ms_ssim, window_and_scales


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """Three smooth pictures of 64 pixels and noisy copies."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(3, 3, 8, 8, generator=generator)
    first = torch.nn.functional.interpolate(coarse, size=64, mode="bilinear")
    noise = 0.1 * torch.randn(first.shape, generator=generator)
    return first, (first + noise).clamp(0, 1)


def test_ssim_agrees_with_scikit_image(pair):
    first, second = pair
    expected = [
        structural_similarity(
            a.permute(1, 2, 0).numpy(),
            b.permute(1, 2, 0).numpy(),
            data_range=1,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(first, second, strict=True)
    ]
    assert images.ssim(first, second).tolist() == pytest.approx(expected, abs=1e-4)


def test_psnr_agrees_with_scikit_image_and_is_finite_for_equal_pictures(pair):
    first, second = pair
    expected = [
        peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=1)
        for a, b in zip(first, second, strict=True)
    ]
    assert images.psnr(first, second).tolist() == pytest.approx(expected, abs=1e-3)
    assert images.psnr(first, first).tolist() == [images.PSNR_CEILING] * 3
    grey = torch.full((1, 3, 8, 8), 0.5)
    assert images.psnr(grey, grey + 0.1).item() == pytest.approx(20, abs=1e-3)


@pytest.mark.parametrize(
    ("side", "window", "scales"),
    [
        *((218, 11, 5), (178, 11, 5), (161, 11, 5), (160, 9, 5), (128, 7, 5), (96, 5, 5)),
        *((64, 3, 5), (33, 3, 5), (32, 3, 4), (16, 3, 3), (4, 3, 1)),
    ],
)
def test_the_largest_window_that_fits(side, window, scales):
    assert window_and_scales(side) == (window, scales)
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 1, 3, side, side, generator=generator)
    assert 0 <= ms_ssim(first, second).item() <= 1
    assert ms_ssim(first, first).item() == pytest.approx(1, abs=1e-5)


def test_ms_ssim_falls_with_noise(pair):
    first, second = pair
    noisier = (first + 3 * (second - first)).clamp(0, 1)
    assert (ms_ssim(first, noisier) < ms_ssim(first, second)).all()
    assert ms_ssim(first, 1 - first).isfinite().all()


@pytest.mark.parametrize(("side", "window"), [(33, 3), (64, 3), (130, 9), (178, 11)])
def test_ms_ssim_is_the_library_s_and_has_a_finite_slope(side, window):
    generator = torch.Generator().manual_seed(1)
    first = torch.rand(4, 3, side, side, generator=generator)
    second = (first + 0.2 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    expected = pytorch_msssim.ms_ssim(
        first, second, data_range=1, size_average=False, win_size=window
    )
    assert torch.allclose(ms_ssim(first, second), expected, atol=1e-5)
    assert torch.allclose(ms_ssim(first, second, floor=1e-4), expected, atol=1e-5)
    opposite = (1 - first).requires_grad_()
    ms_ssim(first, opposite, floor=1e-4).sum().backward()
    assert opposite.grad.isfinite().all()


def test_similarities_take_bytes_and_batches(pair):
    first, second = ((p * 255).round().to(torch.uint8).repeat(12, 1, 1, 1) for p in pair)
    found = images.similarities(first, second, of_pictures())
    assert set(found) == {"ms_ssim", "ssim", "psnr"}
    for name, values in found.items():
        expected = getattr(images, name)(first / 255, second / 255)
        assert torch.allclose(values, expected, atol=1e-4)
    assert set(images.similarities(first, second, [images.PSNR])) == {"psnr"}
    assert images.mean_ms_ssim(first, second) == pytest.approx(found["ms_ssim"].mean().item())


def test_bad_pictures_are_named(pair):
    first, second = pair
    with pytest.raises(PenumbraError, match="same shape"):
        images.similarities(first, second[:2], of_pictures())
    with pytest.raises(PenumbraError, match="NaN"):
        images.similarities(first, second * float("nan"), of_pictures())
    with pytest.raises(PenumbraError, match="too small"):
        ms_ssim(first[..., :2, :2], second[..., :2, :2])


@pytest.mark.parametrize("side", [16, 64, 97])
def test_the_slope_trained_against_is_that_of_the_number(side):
    """Central differences in float64, along random directions."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 3, side, side, generator=generator, dtype=torch.float64)
    drawn = (0.8 * truth + 0.1).requires_grad_()
    (slope,) = torch.autograd.grad(ms_ssim(drawn, truth, floor=1e-4).sum(), [drawn])
    for _ in range(3):
        way = torch.randn(truth.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            ahead, behind = (
                ms_ssim(drawn + sign * 1e-5 * way, truth, floor=1e-4).sum() for sign in (1, -1)
            )
        assert float((slope * way).sum()) == pytest.approx(float(ahead - behind) / 2e-5, rel=1e-4)
