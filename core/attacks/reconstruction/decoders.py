"""Reconstruction by the decoders of DeepObfuscator: one attacker each, by one training loop."""

from __future__ import annotations

from torch import Generator

from core.attacks.interface import AttackerView, Result
from core.attacks.reconstruction.scoring import MOST_PICTURES
from core.attacks.reconstruction.training import by_decoder
from core.nets import reconstructors
from core.nets.decoders import decoder_for


def mirrored_decoder(view: AttackerView, generator: Generator) -> Result:
    """The mirrored obfuscator (DeepObfuscator Table 1) against a frozen release; for releases of
    another shape a decoder that fits, see `core.nets.decoders`.

    Trained on the attacker's photographs with 1 - MS-SSIM + mean absolute error until MS-SSIM on
    validation stops improving. Findings and arrays: `core.attacks.reconstruction.scoring.judged`. Weights: the
    decoder's, and the release's `mean` and `scale`.
    """
    return by_decoder(view, generator, "mirrored_decoder", decoder_for, keep_weights=True)


def urec1(view: AttackerView, generator: Generator) -> Result:
    """URec#1 of DeepObfuscator's Table 2 (`core.nets.reconstructors.URec`), trained and judged as
    `mirrored_decoder`; no weights are kept."""
    return by_decoder(view, generator, "urec1", reconstructors.urec1, most_pictures=MOST_PICTURES)


def urec2(view: AttackerView, generator: Generator) -> Result:
    """URec#2 of DeepObfuscator's Table 2: two convolutions per group where URec#1 has three."""
    return by_decoder(view, generator, "urec2", reconstructors.urec2, most_pictures=MOST_PICTURES)


def resrec(view: AttackerView, generator: Generator) -> Result:
    """ResRec of DeepObfuscator's Table 2 (`core.nets.reconstructors.ResRec`): residual blocks."""
    return by_decoder(view, generator, "resrec", reconstructors.resrec, most_pictures=MOST_PICTURES)
