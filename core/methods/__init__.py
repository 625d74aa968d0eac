"""The methods: one file each, one line here. Importing this package does not import torch."""

from collections.abc import Iterable
from importlib import import_module

from core.methods.declare import UNPROTECTED, Batch, Knob, Method, Model, Phase, Stage

FILES = (
    "baselines.original",
    "baselines.image_filters",
    "baselines.noisy_features",
    "baselines.answer_only",
    "papers.deep_obfuscator",
    "papers.adversarial_reconstruction",
    "papers.pric",
    "papers.aia",
    "papers.dpfe",
    "papers.dpfe_m0",
    "others.leace",
    "others.kernel_adversarial",
    "others.maxent_arl",
    "others.vib",
    "others.conditional_entropy",
    "others.fair_tree",
    "ours.certified_code",
    "ours.universal_code",
)


def declared(files: Iterable[str]) -> dict[str, Method]:
    """The methods in `METHODS` of these files, by name: those of papers, hardened variants, then
    baselines, each kind in the order of the files."""
    found = [method for file in files for method in import_module(f"{__name__}.{file}").METHODS]
    kinds = sorted(found, key=lambda method: (method.baseline, bool(method.hardens)))
    return {method.name: method for method in kinds}


METHODS = declared(FILES)
