"""PRIC's discriminator: does this picture belong to this feature map and these private labels?

The network E_omega of PRIC Eq. 4 (the paper names its role, its authors' code its layers).
"""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from core.errors import PenumbraError
from core.nets.vgg import Obfuscator, ReLU, blocks, fully_connected


class MutualInformationDiscriminator(nn.Module):
    """(x, z, u, others) -> scores (B,) of (x, z, u) and of (x', z, u), where x' is x[others], a
    permuted batch; high where x is the picture that z and u come from.

    A stem of its own (the extractor's layers) brings x (B, 3, H, W) to z's shape
    (B, encoder[1], H // 4, W // 4). Both maps go through the same blocks 3-5 of VGG16 (`widths`);
    their vectors and u (B, labels), side by side, pass fully connected layers of `dense` units.
    """

    def __init__(
        self,
        encoder: Sequence[int],
        height: int,
        width: int,
        widths: Sequence[int],
        dense: Sequence[int],
        labels: int,
    ) -> None:
        super().__init__()
        self.stem = Obfuscator(encoder)
        self.shared, numbers = blocks(encoder[1], height // 4, width // 4, widths)
        self.score = fully_connected(2 * numbers + labels, (*dense, 1), ReLU)

    def forward(self, x: Tensor, z: Tensor, u: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        # Batch norm does not see the order of a batch: the vectors of x' are those of x permuted.
        pictures, features = (self.shared(maps).flatten(1) for maps in (self.stem(x), z))
        matched, mismatched = (
            self.score(torch.cat((vectors, features, u), 1)).squeeze(1)
            for vectors in (pictures, pictures[others])
        )
        return matched, mismatched


def one_hot(labels: Tensor) -> Tensor:
    """labels (B, P) of 0 and 1 -> (B, 2P): one 1 in each attribute's pair (absent, present)."""
    return torch.stack((1 - labels, labels), 2).flatten(1)


def mismatched(count: int, generator: Generator) -> Tensor:
    """One random cycle through `count` rows, int64 (count,) on the CPU: none stays in its place.
    Raises PenumbraError for fewer than two rows.
    """
    if count < 2:
        raise PenumbraError("PRIC's discriminator needs a batch of at least 2 photographs")
    order = torch.randperm(count, generator=generator)
    others = torch.empty_like(order)
    others[order] = order.roll(1)
    return others
