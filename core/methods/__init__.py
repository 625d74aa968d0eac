"""The methods: one file each, one line here. Importing this package does not import torch."""

from core.methods.adversarial_reconstruction import ADVERSARIAL_RECONSTRUCTION
from core.methods.aia import AIA, AIA_ORIGINAL, AIA_RANDOM
from core.methods.answer_only import ANSWER_ONLY
from core.methods.declare import Batch, Knob, Method, Model, Phase, Stage
from core.methods.deep_obfuscator import DEEP_OBFUSCATOR
from core.methods.dpfe import DPFE, DPFE_HARDENED, DPFE_SIMPLE
from core.methods.hardening import hardened
from core.methods.image_filters import BLUR, IMAGE_NOISE, PIXELATE, RANDOM_REPLACE
from core.methods.original import ORIGINAL
from core.methods.pric import PRIC

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        DEEP_OBFUSCATOR,
        ADVERSARIAL_RECONSTRUCTION,
        PRIC,
        AIA,
        DPFE,
        hardened(DEEP_OBFUSCATOR, "#005A8C"),
        hardened(ADVERSARIAL_RECONSTRUCTION, "#8A4A6E"),
        hardened(PRIC, "#00735A"),
        hardened(AIA, "#9C4A00"),
        DPFE_HARDENED,
        ORIGINAL,
        IMAGE_NOISE,
        RANDOM_REPLACE,
        BLUR,
        PIXELATE,
        ANSWER_ONLY,
        AIA_ORIGINAL,
        AIA_RANDOM,
        DPFE_SIMPLE,
    )
}

__all__ = ["METHODS", "Batch", "Knob", "Method", "Model", "Phase", "Stage"]
