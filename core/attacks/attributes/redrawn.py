"""Attributes read from redrawn pictures: if somebody looks at the redrawn face, do they see them?"""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator

BATCH = 256  # pictures read at once


@attack(title="reader of redrawn pictures", target="attribute", on_request=True)
def redrawn(view: AttackerView, generator: Generator) -> Result:
    """What a network that knows ordinary photographs alone (`attribute_network`) reads from the
    pictures that a decoder, trained as `mirrored_decoder`, redraws from the releases. It has never
    seen a redrawn picture; only the threshold of each attribute is chosen on those of the validation
    photographs. DeepObfuscator, section 1: 93.7 % for the gender, in pictures that show no face.

    Rows and arrays as a probe's, without the tasks. Empty result where the view holds no such network.
    """
    import torch

    from core.attacks.interface import attribute_result
    from core.attacks.reconstruction.training import trained
    from core.nets.decoders import decoder_for

    if view.attributes_in is None:
        return Result()
    redrawer = trained(view, generator, decoder_for)
    found = {}
    for split in ("validation", "test"):
        parts = redrawer.pictures(split).split(BATCH)
        found[split] = torch.cat([view.attributes_in(part.float() / 255).cpu() for part in parts])
    scores = {
        name: {split: logits[:, place].numpy() for split, logits in found.items()}
        for place, name in enumerate(view.attribute_names)
        if name not in view.tasks
    }
    people = view.identities["test"]
    return attribute_result("redrawn", scores, view.truth, people, view.role, view.threshold)
