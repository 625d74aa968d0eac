import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.reconstruction import adversarial, training
from core.attacks.reconstruction.decoders import mirrored_decoder
from core.attacks.reconstruction.scoring import score_reconstructions
from core.attacks.reconstruction.training import decode, similarity_loss
from core.embedders import Embedder
from core.errors import PenumbraError
from core.evaluation.worst_case import strongest
from core.metrics import images
from core.nets.decoders import decoder_for
from core.storage.pictures import packed, unpacked
from tests.attacks.planted import value, view

OTHERS = ("urec1", "urec2", "resrec", "adversarial_decoder")


def attack(given, name="mirrored_decoder", epochs=4, seed=0):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MOST_EPOCHS", epochs)
        patch.setattr(training, "BATCH", 16)
        return ATTACKS[name].run(given, torch.Generator().manual_seed(seed))


def likeness(result, column="value"):
    return value(result, "image", "ms_ssim", column)


def faces_by(direction):
    """A face network: the unit vector of a picture's mean colours and of one number more."""

    def features(x):
        colours = x.mean((2, 3)) - 0.5
        return torch.nn.functional.normalize(torch.cat((colours, direction.expand(len(x), 1)), 1))

    return features


def pictures(**more):
    given = view("pictures", noise=0.0)
    return dataclasses.replace(given, face_features=faces_by(torch.tensor([[0.05]])), **more)


@pytest.fixture(scope="module")
def opened():
    return attack(view("pictures", noise=0.0))


@pytest.fixture(scope="module")
def mapped():
    return attack(view("map"), epochs=1)


def test_the_photographs_themselves_are_reconstructed_and_a_constant_gives_the_mean(opened):
    assert likeness(opened) > 0.97
    assert value(opened, "image", "psnr") > 28
    blind = attack(view("constant"))
    assert likeness(blind) < likeness(blind, "chance") + 0.1
    assert likeness(blind, "chance") < 0.7


def test_more_noise_weakens_the_attack():
    found = [likeness(attack(view("pictures", noise=n, size=8), epochs=2)) for n in (0.05, 0.5)]
    assert found[0] > found[1] + 0.1


def test_the_kept_pictures_are_those_that_were_scored(opened):
    given, kept = view("pictures", noise=0.0), opened.arrays
    assert kept["positions"].tolist() == given.pictured.tolist()
    originals, drawn = (unpacked(name, kept) for name in ("originals", "reconstructions"))
    assert originals.shape == drawn.shape == (3, 16, 16, 3)
    truth = given.x["test"][given.pictured].permute(0, 2, 3, 1).numpy()
    assert abs(originals.astype(int) - truth).mean() < 12
    pair = [torch.from_numpy(p).permute(0, 3, 1, 2) for p in (drawn, originals)]
    again = images.similarities(*pair, [images.MS_SSIM])
    assert again["ms_ssim"].tolist() == pytest.approx(kept["ms_ssim"].tolist(), abs=0.1)
    assert abs(kept["ms_ssim"].mean() - likeness(opened)) < 0.1


def test_the_stored_weights_make_the_same_pictures(mapped):
    given = view("map")
    weights = {k: v.float() for k, v in mapped.weights.items()}
    mean, scale = weights.pop("mean"), weights.pop("scale")
    decoder = decoder_for((4, 8, 8), 16, 16)
    decoder.load_state_dict(weights)
    scaled = (given.z["test"] - mean) * scale
    drawn = decode(decoder, scaled.contiguous(memory_format=torch.channels_last))
    kept = drawn[given.pictured].permute(0, 2, 3, 1).numpy().astype(int)
    stored = unpacked("reconstructions", packed("reconstructions", kept.astype(np.uint8)))
    assert (stored == unpacked("reconstructions", mapped.arrays)).all()


def test_the_same_seed_gives_the_same_findings(mapped):
    assert attack(view("map"), epochs=1).findings == mapped.findings
    assert attack(view("map"), epochs=1, seed=1).findings != mapped.findings


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


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_decoders_reconstruct_photographs_and_one_constant_number_gives_chance(name):
    size = 16 if name == "adversarial_decoder" else 8  # which its discriminator needs
    found = attack(view("pictures", noise=0.0, size=size), name, epochs=4)
    assert likeness(found) > 0.7
    assert likeness(found, "chance") < 0.6
    given = view("constant", size=size)
    one = dataclasses.replace(given, z={s: z[:, :1] for s, z in given.z.items()})
    blind = attack(one, name, epochs=2)
    assert likeness(blind) < likeness(blind, "chance") + 0.1
    assert {row["attacker"] for row in found.findings + blind.findings} == {name}
    assert not found.weights


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_decoders_take_maps_and_repeat_themselves(name):
    first, second = (attack(view("map"), name, epochs=1) for _ in range(2))
    assert first.findings == second.findings
    assert all((first.arrays[key] == second.arrays[key]).all() for key in first.arrays)


def test_few_pictures_of_the_same_faces_are_kept_of_the_others():
    given = dataclasses.replace(view("map"), pictured=np.arange(5, 25))
    positions = [
        score_reconstructions(
            given, ATTACKS[name], given.x["test"], 0.5, given.x["validation"]
        ).arrays["positions"]
        for name in ("mirrored_decoder", "urec2")
    ]
    assert positions[0].tolist() == list(range(5, 25))
    assert positions[1].tolist() == list(range(5, 17))


def test_decoders_compete_for_the_picture_on_validation(opened, mapped):
    done = {"mirrored_decoder": opened, "resrec": mapped}
    done = {name: (result.findings, result.arrays) for name, result in done.items()}
    rows, arrays = strongest(done)
    best = max(done, key=lambda name: done[name][1]["validation"][0])
    assert arrays["chosen"].tolist() == [best]
    assert {(row["attacker"], row["target"]) for row in rows} == {("worst_case", "image")}
    assert [row["value"] for row in rows] == [row["value"] for row in done[best][0]]


def scored(given, drawn):
    return score_reconstructions(given, mirrored_decoder, drawn, 0.5, given.x["validation"])


def test_a_face_network_says_whose_face_was_reconstructed():
    given = pictures()
    found = scored(given, given.x["test"])
    assert value(found, "image", "face_similarity") > 0.95
    assert value(found, "image", "face_similarity", "chance") < 0.9
    # 160 photographs of 40 people, half of them in the gallery
    assert value(found, "image", "reidentification", "n") == 80
    assert value(found, "image", "reidentification", "chance") == pytest.approx(1 / 40, abs=1e-4)
    mean = given.x["attacker"].float().mean(0, keepdim=True).round().to(torch.uint8)
    blind = scored(given, mean.repeat(160, 1, 1, 1))
    similarity = value(blind, "image", "face_similarity")
    assert similarity == value(blind, "image", "face_similarity", "chance")
    assert value(blind, "image", "reidentification") < 0.15


def test_a_second_network_judges_beside_the_first_under_its_own_name(monkeypatch, tmp_path):
    asked = []

    def embed(x):
        asked.append(len(x))
        return torch.cat((x.mean((2, 3)), torch.ones(len(x), 1)), 1)

    monkeypatch.setattr("core.attacks.identity.face_features.MOST_RECONSTRUCTED", 100)
    second = Embedder("planted", "0" * 64, embed, tmp_path)
    given = pictures()
    own = scored(given, given.x["test"])
    both = scored(pictures(embedder=second), given.x["test"])
    through = [row for row in both.findings if row["metric"].endswith("_planted")]
    assert [row for row in both.findings if row not in through] == own.findings
    assert {row["metric"]: row["n"] for row in through} == {
        "face_similarity_planted": 100,
        "reidentification_planted": value(both, "image", "reidentification_planted", "n"),
    }
    assert 30 < value(both, "image", "reidentification_planted", "n") < 70  # half are known
    assert value(both, "image", "face_similarity_planted") > 0.99
    assert sum(asked) == 160 + 100 + 1  # photographs, reconstructed ones, the mean picture
    without = dataclasses.replace(given, face_features=None, embedder=second)
    alone = scored(without, given.x["test"])
    assert [row for row in alone.findings if row["metric"].endswith("_planted")] == through
    assert sum(asked) == 160 + 2 * (100 + 1)  # the photographs are known by now


def test_nobody_is_recognised_where_each_person_has_one_photograph():
    people = view("pictures").identities | {"test": np.arange(160)}
    given = pictures(identities=people)
    metrics = {row["metric"] for row in scored(given, given.x["test"]).findings}
    assert metrics == {"ms_ssim", "ssim", "psnr", "face_similarity"}


def test_a_second_source_is_trained_on():
    given = view("pictures", noise=0.0, size=8)
    few = dataclasses.replace(
        given,
        z=given.z | {"attacker": given.z["attacker"][:2] * 0},
        x=given.x | {"attacker": given.x["attacker"][:2]},
    )
    extra = {"x": given.x["attacker"], "z": given.z["attacker"]}
    alone = likeness(attack(few, "resrec"))
    helped = likeness(attack(dataclasses.replace(few, extra=extra), "resrec"))
    assert helped > alone + 0.05
    both = training.training_pairs(dataclasses.replace(given, extra=extra))
    assert [len(part) for part in both] == [400, 400]
    assert [len(part) for part in training.training_pairs(given)] == [200, 200]


@pytest.mark.parametrize("spoilt", ["x", "z", "count"])
def test_a_second_source_that_does_not_fit_is_named(spoilt):
    given = view("pictures")
    extra = {"x": given.x["attacker"], "z": given.z["attacker"]}
    if spoilt == "count":
        extra["x"] = extra["x"][1:]
    else:
        extra[spoilt] = extra[spoilt][..., 1:]
    with pytest.raises(PenumbraError, match="extra photographs"):
        training.training_pairs(dataclasses.replace(given, extra=extra))


def test_the_game_trains_decoder_and_discriminator_apart():
    torch.manual_seed(0)
    decoder = adversarial.figure_six((4, 8, 8), 32, 32)
    judge = adversarial.Discriminator((4, 8))
    game = adversarial.Game(judge, looks=False)
    z, truth = torch.randn(4, 4, 8, 8), torch.rand(4, 3, 32, 32)
    before = [p.clone() for p in judge.parameters()]
    pictures = decoder(z)
    game.loss(pictures, truth).backward()
    assert all(p.grad is None for p in judge.parameters())
    assert all(p.grad is not None for p in decoder.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, judge.parameters(), strict=True))
    state = {name: value.clone() for name, value in decoder.state_dict().items()}
    for p in decoder.parameters():
        p.grad = None
    game.opponent(pictures.detach(), truth)
    assert all(p.grad is None for p in decoder.parameters())
    assert all(torch.equal(state[name], value) for name, value in decoder.state_dict().items())
    assert any(not torch.equal(a, b) for a, b in zip(before, judge.parameters(), strict=True))


@pytest.mark.parametrize(
    ("name", "critic", "looks"),
    [
        ("pixel_decoder", False, False),
        ("critic_decoder", True, False),
        ("perceptual_decoder", False, True),
        ("adversarial_decoder", True, True),
    ],
)
def test_each_decoder_of_the_paper_has_its_own_loss(name, critic, looks, monkeypatch):
    """mu1 > 0: a critic learns and is asked; mu2 > 0: a perceptual network looks."""
    asked = set()
    monkeypatch.setattr(adversarial, "SMALLEST", 1)
    monkeypatch.setattr(adversarial.perceptual, "features", lambda x: asked.add("looks") or [x])
    monkeypatch.setattr(
        adversarial.losses, "discrimination", lambda *_: asked.add("critic") or _[1].mean()
    )
    given = view("map")
    found = attack(given, name, epochs=1)
    assert asked == {word for word, used in (("critic", critic), ("looks", looks)) if used}
    assert (str(found.arrays["perceptual_network"]) == "none") != looks
    assert {row["attacker"] for row in found.findings} == {name}


def test_the_perceptual_term_counts_every_so_many_batches(monkeypatch):
    monkeypatch.setattr(adversarial, "EVERY", 4)
    monkeypatch.setattr(adversarial.perceptual, "features", lambda x: [x])
    game = adversarial.Game(adversarial.Discriminator((4,)), looks=True)
    pictures, truth = torch.full((2, 3, 32, 32), 0.25), torch.full((2, 3, 32, 32), 0.75)
    bare = adversarial.Game(game.judge, looks=False).loss(pictures, truth)
    found = [float(game.loss(pictures, truth) - bare) for _ in range(5)]
    term = adversarial.EVERY * adversarial.MU2 * 3 * 0.25  # three channels, each .5 apart
    assert found == pytest.approx([term, 0, 0, 0, term], abs=1e-5)
