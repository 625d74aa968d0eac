import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.reconstruct import decode, similarity_loss
from core.metrics import images
from core.nets.decoders import decoder_for
from core.pictures import packed, unpacked
from tests.attacks.planted import exposed, value


def attack(given, seed=0):
    return ATTACKS["mirrored_decoder"](given, torch.Generator().manual_seed(seed))


def test_the_photographs_themselves_are_redrawn_and_a_constant_gives_the_mean_picture():
    open_release = attack(exposed("pictures", noise=0.0))
    assert value(open_release, "image", "ms_ssim") > 0.97
    assert value(open_release, "image", "psnr") > 28
    blind = attack(exposed("constant"))
    chance = value(blind, "image", "ms_ssim", "chance")
    assert value(blind, "image", "ms_ssim") < chance + 0.1
    assert chance < 0.7


def test_more_noise_weakens_the_attack():
    found = [
        value(attack(exposed("pictures", noise=noise)), "image", "ms_ssim") for noise in (0.05, 0.5)
    ]
    assert found[0] > found[1] + 0.1


def test_the_kept_pictures_are_those_that_were_scored():
    given = exposed("pictures", noise=0.05)
    result = attack(given)
    kept = result.arrays
    assert kept["positions"].tolist() == given.pictured.tolist()
    originals, redrawn = (unpacked(name, kept) for name in ("originals", "reconstructions"))
    assert originals.shape == redrawn.shape == (3, 16, 16, 3)
    truth = given.x["test"][given.pictured].permute(0, 2, 3, 1).numpy()
    assert abs(originals.astype(int) - truth).mean() < 12
    pair = [torch.from_numpy(p).permute(0, 3, 1, 2) for p in (redrawn, originals)]
    again = images.similarities(*pair)
    assert again["ms_ssim"].tolist() == pytest.approx(kept["ms_ssim"].tolist(), abs=0.1)
    scored = value(result, "image", "ms_ssim")
    assert abs(kept["ms_ssim"].mean() - scored) < 0.1


def test_the_stored_weights_make_the_same_pictures():
    given = exposed("map")
    result = attack(given)
    weights = {k: v.float() for k, v in result.weights.items()}
    mean, scale = weights.pop("mean"), weights.pop("scale")
    decoder = decoder_for((4, 8, 8), 16, 16)
    decoder.load_state_dict(weights)
    scaled = (given.z["test"] - mean) * scale
    redrawn = decode(decoder, scaled.contiguous(memory_format=torch.channels_last))
    kept = redrawn[given.pictured].permute(0, 2, 3, 1).numpy().astype(int)
    stored = unpacked("reconstructions", packed("reconstructions", kept.astype(np.uint8)))
    assert (stored == unpacked("reconstructions", result.arrays)).all()


def test_the_same_seed_gives_the_same_findings():
    given = exposed("map")
    assert attack(given).findings == attack(given).findings


@pytest.mark.parametrize(
    "shape", [(32, 16, 16), (3, 64, 64), (1, 64, 64), (8, 32, 32), (5, 9, 7), (6, 80, 80)]
)
def test_every_map_has_a_decoder(shape):
    assert decoder_for(shape, 64, 64)(torch.randn(2, *shape)).shape == (2, 3, 64, 64)


@pytest.mark.parametrize(
    ("shape", "size"), [((1,), (64, 64)), ((2000,), (218, 178)), ((3,), (8, 8))]
)
def test_every_flat_release_has_a_decoder(shape, size):
    pictures = decoder_for(shape, *size)(torch.randn(2, *shape))
    assert pictures.shape == (2, 3, *size)


def test_the_paper_s_size_does_not_divide_by_four():
    assert decoder_for((128, 54, 44), 218, 178)(torch.randn(2, 128, 54, 44)).shape[2:] == (218, 178)


def test_loss_is_zero_for_the_truth_and_grows():
    truth = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert similarity_loss(truth, truth).item() == pytest.approx(0, abs=1e-5)
    assert similarity_loss(truth * 0.5, truth) < similarity_loss(1 - truth, truth)


def test_a_release_of_one_number_is_survived():
    given = exposed("constant")
    one = {s: z[:, :1] for s, z in given.z.items()}
    assert len(attack(dataclasses.replace(given, z=one)).findings) == 3
