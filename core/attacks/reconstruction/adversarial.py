"""Reconstruction by the attacker of Xiao et al. (AAAI-20): a decoder against a discriminator."""

import math

import numpy as np
import torch
from torch import Generator, Tensor, nn

from core import losses
from core.attacks import fitting
from core.attacks.declare import Attack
from core.attacks.interface import AttackerView, Result
from core.attacks.reconstruction.training import Objective, by_decoder
from core.nets import perceptual
from core.nets.resnet import Discriminator, InversionDecoder, channels_of, map_sizes

# Eq. 5. The paper prints no mu1 but 0 (its weak adversary) and has mu2 = 1, for features of VGG on
# a scale it does not give. On the synthetic set's validation photographs .01 and .1 made every
# epoch worse than 0 and 0: these weights leave the pixels in charge.
MU1, MU2 = 0.001, 0.02
# The perceptual term costs a processor four times what the rest does: it is taken every eighth
# batch, eight times as heavy, and over a part of the batch.
EVERY, PART = 8, 8
SMALLEST = 32  # pixels of a side from which on the perceptual network can look at a picture
LEARNING_RATE = 1e-3  # of the discriminator
SMALL = 128  # pixels of a side under which networks have compact widths
DISCRIMINATOR = {"compact": (8, 16, 32, 64), "paper": (64, 128, 256, 512)}
ENCODER = {"compact": ("basic", 32), "paper": ("bottleneck", 64)}


def by_adversarial_decoder(
    view: AttackerView,
    generator: Generator,
    attack: Attack,
    mu1: float = MU1,
    mu2: float = MU2,
) -> Result:
    """`attack`: what the decoder of Figure 6 reconstructs, trained with Eq. 5."""
    side = min(view.x["test"].shape[-2:])
    widths = DISCRIMINATOR["compact" if side < SMALL else "paper"]
    looks = bool(mu2) and side >= SMALLEST

    def objective() -> Objective:
        game = Game(Discriminator(widths).to(view.device), looks, mu1, mu2)
        return Objective(game.loss, game.opponent if mu1 else None)

    result = by_decoder(view, generator, attack, figure_six, objective)
    name = perceptual.name() if looks else "none"
    return Result(result.findings, result.arrays | {"perceptual_network": np.array(name)})


class Game:
    """Eq. 5: what the decoder is told about its pictures, and the discriminator it plays against.

    The discriminator takes a step on each batch after the decoder's, at a rate of its own; nothing
    is ever looked up on validation, averaged or stopped for it, so of `fitting.fit` it needs the
    step alone. `looks` says whether the perceptual network takes part; with mu1 = 0 nobody asks the
    discriminator.
    """

    def __init__(self, judge: nn.Module, looks: bool, mu1: float = MU1, mu2: float = MU2) -> None:
        self.judge, self.looks, self.batches = judge, looks, 0
        self.mu1, self.mu2 = mu1, mu2
        self.optimiser = torch.optim.Adam(judge.parameters(), LEARNING_RATE, betas=(0.5, 0.999))

    def loss(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Of the decoder; the discriminator gets no gradient."""
        self.judge.requires_grad_(False)
        pixel = losses.pixel_distance(pictures, truth).mean()
        deceit = losses.adversarial(self.judge(pictures)) if self.mu1 else 0.0
        distance: Tensor | float = 0.0
        if self.looks and self.batches % EVERY == 0:
            with torch.no_grad():
                wanted = perceptual.features(truth[:PART])
            seen = perceptual.features(pictures[:PART])
            distance = losses.perceptual_distance(seen, wanted).mean()
        self.batches += 1
        return losses.inversion(pixel, deceit, distance, self.mu1, EVERY * self.mu2)

    def opponent(self, pictures: Tensor, truth: Tensor) -> None:
        """One step of the discriminator on pictures that carry no history."""
        self.judge.requires_grad_(True)
        fitting.step(self.optimiser, losses.discrimination(self.judge(truth), self.judge(pictures)))


def figure_six(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """The decoder of Figure 6 for releases of `shape` (without the batch).

    A flat release is taken for the last layer's outputs, a map for that of the cut whose map is
    nearest in size. A release as large as the picture, which no cut gives, gets three
    deconvolutions that enlarge nothing.
    """
    block, base = ENCODER["compact" if min(height, width) < SMALL else "paper"]
    channels = list(channels_of(block, base))
    if len(shape) != 3:
        flat = InversionDecoder(5, channels, math.prod(shape), height, width)
        return nn.Sequential(nn.Flatten(1), flat)
    sides = [height, *(size[0] for size in map_sizes(height, width)[:4])]
    nearest = min(range(5), key=lambda place: abs(math.log(sides[place] / shape[1])))
    layer = nearest - 1 if nearest else 2
    channels[layer] = shape[0]
    decoder = InversionDecoder(layer, channels, 1, height, width)
    if not nearest:
        decoder.sizes = [(height, width)] * len(decoder.sizes)
    return decoder
