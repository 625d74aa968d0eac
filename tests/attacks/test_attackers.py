"""A method's own decoder keeps what it drew, and competes for nothing."""

import dataclasses

import numpy as np
import torch

from core.attacks.attackers import shown_under, training_reconstructor
from core.attacks.reconstruction import scoring
from core.evaluation.worst_case import strongest
from core.storage.pictures import unpacked
from tests.attacks.planted import value, view

PEOPLE = {"ms_ssim", "ssim", "psnr", "positions"}
PICTURES = {
    f"{name}_{part}" for name in ("originals", "reconstructions") for part in ("webp", "ends")
}


def dimmed(z):
    return z * 0.5


def test_the_training_s_decoder_keeps_the_first_of_the_pictures_that_everybody_shows(monkeypatch):
    monkeypatch.setattr(scoring, "MOST_PICTURES", 2)
    given = view("pictures", noise=0.0)
    given = dataclasses.replace(given, places={"test": np.arange(160)[::-1]})
    found = training_reconstructor.run(given, dimmed, "paper")
    assert set(found.arrays) == PEOPLE | PICTURES
    assert found.arrays["positions"].tolist() == [159, 154]  # of rows 0 and 5
    drawn = unpacked("reconstructions", found.arrays).astype(float)
    wanted = (255 * dimmed(given.z["test"][[0, 5]])).permute(0, 2, 3, 1).numpy()
    assert drawn.shape == wanted.shape
    assert abs(drawn - wanted).mean() < 6  # packed as WebP
    originals = unpacked("originals", found.arrays).astype(float)
    assert abs(originals - 2 * drawn).mean() < 12
    kept = float(np.mean(found.arrays["psnr"]))
    assert abs(kept - value(found, "image", "psnr")) < 1.5


def test_it_is_scored_on_what_it_draws_not_on_what_is_kept():
    given = view("pictures", noise=0.0)
    found = training_reconstructor.run(given, lambda z: z, "paper")
    assert value(found, "image", "ms_ssim") > 0.99
    assert {row["chance"] for row in found.findings} == {None}


def test_a_decoder_of_the_training_competes_for_no_worst_case():
    given = view("pictures", noise=0.0)
    own = training_reconstructor.run(given, lambda z: z, "paper")
    assert strongest({"training_reconstructor": (own.findings, own.arrays)})[0] == []


def test_pictures_are_looked_for_where_they_are_kept():
    assert shown_under("training_reconstructor") == "paper"
    assert shown_under("own_head") == "strict"
    assert shown_under("resrec") == shown_under("resrec+more") == "strict"


def test_a_view_without_pictured_rows_keeps_no_pictures():
    given = dataclasses.replace(view("pictures", noise=0.0), pictured=np.arange(0))
    found = training_reconstructor.run(given, lambda z: torch.zeros_like(z), "paper")
    assert len(found.arrays["positions"]) == 0
    assert found.findings
