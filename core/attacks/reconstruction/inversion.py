"""White-box inversion: pixels that make the frozen network release what was observed."""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator


@attack(
    title="picture searcher (inversion of the known network)",
    says="who knows the network on the device and searches, pixel by pixel, for the picture that "
    "would release the same",
    target="image",
    white_box=True,
)
def inversion(view: AttackerView, generator: Generator) -> Result:
    """Reconstruct 64 test photographs, those of `view.pictured` first, from their releases by
    gradient descent on the pixels (Mahendran and Vedaldi, CVPR 2015).

    Minimises the mean squared distance between what the picture would release and what was
    released, per channel (maps) or dimension scaled to spread 1 by the attacker's photographs, plus
    the picture's total variation. Three starts: the mean face, noise, and the attacker's photograph
    whose release is nearest. After `FIRST_STEPS` the start with the least feature distance goes on;
    the truth is never looked at. The prior's weight is the one of `WEIGHTS` with the highest mean
    MS-SSIM on 16 validation photographs.

    A random release is drawn anew at every step, so that the descent follows the expected
    distance. Where nothing can be differentiated (a constant, hard decisions) the best start is the
    reconstruction. To compete with attackers that were scored on all validation photographs,
    `validation` is the mean of the 16 less its standard error.
    """
    from core.attacks.reconstruction.pixel_descent import inverted

    return inverted(view, generator, inversion)
