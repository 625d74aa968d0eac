"""Reconstruction by decoders, one attack each: those of DeepObfuscator, and one against a critic."""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator


@attack(
    title="picture redrawer (mirrored decoder)",
    target="image",
    default=True,
    keeps_weights=True,
    accepts_second_source=True,
)
def mirrored_decoder(view: AttackerView, generator: Generator) -> Result:
    """The mirrored obfuscator (DeepObfuscator Table 1) against a frozen release; for releases of
    another shape a decoder that fits, see `core.nets.decoders`.

    Trained on the attacker's photographs with 1 - MS-SSIM + mean absolute error until MS-SSIM on
    validation stops improving (`core.attacks.reconstruction.training`).
    """
    from core.attacks.reconstruction.training import by_decoder
    from core.nets.decoders import decoder_for

    return by_decoder(view, generator, mirrored_decoder, decoder_for)


@attack(title="picture redrawer (URec#1)", target="image", accepts_second_source=True)
def urec1(view: AttackerView, generator: Generator) -> Result:
    """URec#1 of DeepObfuscator's Table 2."""
    from core.attacks.reconstruction.training import by_decoder
    from core.nets import decoders

    return by_decoder(view, generator, urec1, decoders.urec1)


@attack(title="picture redrawer (URec#2)", target="image", accepts_second_source=True)
def urec2(view: AttackerView, generator: Generator) -> Result:
    """URec#2 of DeepObfuscator's Table 2."""
    from core.attacks.reconstruction.training import by_decoder
    from core.nets import decoders

    return by_decoder(view, generator, urec2, decoders.urec2)


@attack(title="picture redrawer (residual network)", target="image", accepts_second_source=True)
def resrec(view: AttackerView, generator: Generator) -> Result:
    """ResRec of DeepObfuscator's Table 2."""
    from core.attacks.reconstruction.training import by_decoder
    from core.nets import decoders

    return by_decoder(view, generator, resrec, decoders.resrec)


@attack(
    title="picture redrawer (trained against a critic)", target="image", accepts_second_source=True
)
def adversarial_decoder(view: AttackerView, generator: Generator) -> Result:
    """Dec^a of Xiao et al. (AAAI-20, Figure 6) against a frozen release, with the loss of Eq. 5.

    The decoder minimises pixel distance + mu1 log(1 - D) + mu2 perceptual distance, its
    discriminator D learns on the same batch afterwards and is thrown away; the best epoch is still
    chosen by MS-SSIM. Figure 6 starts where ResNet was cut; here at the cut whose map is nearest in
    size to the release's. Arrays also hold `perceptual_network`, the name of the one that looked.
    """
    from core.attacks.reconstruction.adversarial import by_adversarial_decoder

    return by_adversarial_decoder(view, generator, adversarial_decoder)


@attack(
    title="picture redrawer (Figure 6, pixels alone)",
    target="image",
    accepts_second_source=True,
    on_request=True,
)
def pixel_decoder(view: AttackerView, generator: Generator) -> Result:
    """Dec^a of Xiao et al. with mu1 = mu2 = 0: their weak adversary, Table 1, #1 and #2."""
    from core.attacks.reconstruction.adversarial import by_adversarial_decoder

    return by_adversarial_decoder(view, generator, pixel_decoder, mu1=0.0, mu2=0.0)


@attack(
    title="picture redrawer (Figure 6, against a critic alone)",
    target="image",
    accepts_second_source=True,
    on_request=True,
)
def critic_decoder(view: AttackerView, generator: Generator) -> Result:
    """Dec^a of Xiao et al. with mu1 > 0 and mu2 = 0: their strong adversary, Table 1, #3 and #4."""
    from core.attacks.reconstruction.adversarial import by_adversarial_decoder

    return by_adversarial_decoder(view, generator, critic_decoder, mu2=0.0)


@attack(
    title="picture redrawer (Figure 6, by what a picture looks like)",
    target="image",
    accepts_second_source=True,
    on_request=True,
)
def perceptual_decoder(view: AttackerView, generator: Generator) -> Result:
    """Dec^a of Xiao et al. with mu1 = 0 and mu2 > 0: the adversary of their Table 2."""
    from core.attacks.reconstruction.adversarial import by_adversarial_decoder

    return by_adversarial_decoder(view, generator, perceptual_decoder, mu1=0.0)


@attack(
    title="the method's own redrawer, trained afresh",
    target="image",
    accepts_second_source=True,
    made_of=("mirrored_decoder",),
)
def retrained_reconstructor(view: AttackerView, generator: Generator) -> Result:
    """The very architecture of the reconstructor inside the training, trained as every decoder here
    (`core.attacks.reconstruction.training`). Empty result where the method trains none."""
    from core.attacks.reconstruction.training import by_decoder

    own = view.own.get("reconstructor")
    if own is None:
        return Result()
    return by_decoder(view, generator, retrained_reconstructor, lambda *shapes: own.build())
