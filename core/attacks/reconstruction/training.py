"""Decoders from frozen releases back to pictures, trained from scratch: the loop they all share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from core import device as devices
from core import losses
from core.attacks import fitting
from core.attacks.declare import Attack
from core.attacks.features import standardiser
from core.attacks.interface import AttackerView, Result, check_finite
from core.attacks.reconstruction.scoring import score_reconstructions
from core.errors import PenumbraError
from core.metrics import images
from core.seeding import seeded
from core.storage.files import halved

BATCH = 32
LEARNING_RATE = 4e-3
PATIENCE = 1  # epochs without a better validation score before the learning rate falls
DECAY = 0.25
DROPS = 2
MOST_EPOCHS = 30
ENOUGH = 3e-3  # MS-SSIM that an epoch must gain to count as better

Build = Callable[[tuple[int, ...], int, int], nn.Module]  # release shape, height, width
Loss = Callable[[Tensor, Tensor], Tensor]  # redrawn, truth: float (B, 3, H, W)


def similarity_loss(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean of (1 - MS-SSIM) + mean absolute error of float pictures (n, C, H, W)."""
    return losses.dissimilarity(pictures, truth) + (pictures - truth).abs().mean()


@dataclass(frozen=True)
class Objective:
    """What a decoder is trained with: `loss(redrawn, truth)` for it, and `opponent(redrawn,
    truth)`, called after each of its steps with the pictures it has just drawn, without their
    history, to train what it plays against."""

    loss: Loss = similarity_loss
    opponent: Callable[[Tensor, Tensor], None] | None = None


def by_decoder(
    view: AttackerView,
    generator: Generator,
    attack: Attack,
    build: Build,
    objective: Callable[[], Objective] = Objective,
) -> Result:
    """`attack`: what a decoder that `build` makes redraws of the test photographs.

    Trained on the attacker's photographs, and on `view.extra` where there is a second source,
    until MS-SSIM on the validation photographs stops improving. `objective` is made once `build`
    has drawn its weights. Findings and arrays: `core.attacks.reconstruction.scoring.score_reconstructions`; weights, where kept,
    the decoder's and the release's `mean` and `scale`.
    """
    check_finite(view)
    device = view.device
    z_train, x_train = training_pairs(view)
    scaler = scaler_of(z_train)
    z = {split: scaler(view.z[split]) for split in ("validation", "test")}
    z["attacker"] = scaler(z_train)
    x = {"attacker": x_train, "validation": view.x["validation"]}
    height, width = x_train.shape[-2:]
    with seeded(generator, device):
        decoder = build(tuple(z["test"].shape[1:]), height, width).to(device)
        decoder, validation = train(decoder, z, x, generator, objective())
    weights = halved(dict(decoder.state_dict()))
    decoder.load_state_dict({name: value.float() for name, value in weights.items()})
    result = score_reconstructions(view, attack, decode(decoder, z["test"]), validation)
    if attack.keeps_weights:
        weights |= {"mean": scaler.mean, "scale": scaler.scale}
        return Result(result.findings, result.arrays, weights)
    return result


def training_pairs(view: AttackerView) -> tuple[Tensor, Tensor]:
    """(releases, photographs uint8) that a decoder is trained on.

    Raises PenumbraError when the second source does not fit the first.
    """
    z, x, extra = view.z["attacker"], view.x["attacker"], view.extra
    if extra is None:
        return z, x
    if extra["x"].shape[1:] != x.shape[1:] or extra["z"].shape[1:] != z.shape[1:]:
        raise PenumbraError(
            f"the extra photographs are {tuple(extra['x'].shape[1:])} with releases of "
            f"{tuple(extra['z'].shape[1:])}; the data set's are {tuple(x.shape[1:])} with "
            f"{tuple(z.shape[1:])}: give both the same size"
        )
    if len(extra["x"]) != len(extra["z"]):
        raise PenumbraError(
            f"{len(extra['x'])} extra photographs have {len(extra['z'])} releases: give one each"
        )
    return torch.cat((z, extra["z"].to(z))), torch.cat((x, extra["x"].to(x)))


def decode(decoder: nn.Module, z: Tensor) -> Tensor:
    """Pictures uint8 (n, 3, H, W) that `decoder` makes of scaled releases (n, …)."""
    decoder.eval()
    batch = devices.batch(z.device)
    with torch.no_grad(), fitting.half_precision(z.device):
        return torch.cat(
            [
                decoder(z[i : i + batch]).float().clamp(0, 1).mul(255).round().to(torch.uint8)
                for i in range(0, len(z), batch)
            ]
        )


class Scaler:
    """Brings releases to a common scale by the attacker's statistics: per channel for maps, per
    dimension for flat releases; pictures stay as they are (their decoder corrects them)."""

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        self.mean, self.scale = mean, scale

    def __call__(self, z: Tensor) -> Tensor:
        scaled = (z.float() - self.mean) * self.scale
        return scaled.contiguous(memory_format=torch.channels_last) if z.ndim == 4 else scaled


def scaler_of(z: Tensor) -> Scaler:
    """The scaler of the releases z (n, …) of the attacker's photographs."""
    if z.ndim != 4:
        flat = standardiser(z)
        return Scaler(flat.mean.view(z.shape[1:]), flat.scale.view(z.shape[1:]))
    mean, scale = z.new_zeros(1, z.shape[1], 1, 1), z.new_ones(1, z.shape[1], 1, 1)
    if z.shape[1] == 3:
        return Scaler(mean.float(), scale.float())
    mean = z.float().mean((0, 2, 3), keepdim=True)
    spread = (z.float() - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    return Scaler(mean, torch.where(spread > 1e-6 * spread.max(), 1 / spread, 0.0))


def train(
    decoder: nn.Module,
    z: dict[str, Tensor],
    x: dict[str, Tensor],
    generator: Generator,
    objective: Objective,
) -> tuple[nn.Module, float]:
    """(the running average of the decoder's weights at its best validation MS-SSIM, that score).

    z are scaled releases, x photographs (uint8) of the splits "attacker" and "validation".
    """
    device = z["attacker"].device
    if z["attacker"].ndim == 4:
        decoder = decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(decoder.parameters(), LEARNING_RATE)
    latest: list[Tensor] = []  # pictures that the decoder has just drawn, and the truth

    def loss(rows: Tensor) -> Tensor:
        rows = rows.to(device)
        truth = x["attacker"][rows].float() / 255
        with fitting.half_precision(device):
            pictures = decoder(z["attacker"][rows])
        pictures = pictures.float().contiguous()
        latest[:] = pictures.detach(), truth
        return objective.loss(pictures, truth)

    def opponent() -> None:
        if objective.opponent is not None:
            objective.opponent(*latest)

    count = len(z["attacker"])
    return fitting.fit(
        decoder,
        optimiser,
        (fitting.batches(count, BATCH, generator) for _ in range(MOST_EPOCHS)),
        loss,
        lambda average: images.mean_ms_ssim(decode(average, z["validation"]), x["validation"]),
        fitting.Patience(optimiser, PATIENCE, DROPS, DECAY, ENOUGH, from_best=True),
        afterwards=opponent,
    )
