"""Decoders from frozen releases back to pictures, trained from scratch."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from core import device as devices
from core import losses
from core.attacks import fitting
from core.attacks.declare import Attack
from core.attacks.features import Scaler, map_scaler, standardiser
from core.attacks.interface import AttackerView, Result
from core.attacks.reconstruction.scoring import score_reconstructions
from core.data.held import Rows, joined, mapped
from core.errors import PenumbraError
from core.metrics import images
from core.seeding import seeded
from core.storage.files import halved

RECIPE = fitting.Recipe(  # a look gives MS-SSIM
    4e-3, enough=3e-3, weight_decay=0.0, patience=1, decay=0.25, from_best=True
)
BATCH, MOST_EPOCHS = 32, 30

Build = Callable[[tuple[int, ...], int, int], nn.Module]  # release shape, height, width


def similarity_loss(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean of (1 - MS-SSIM) + mean absolute error of float pictures (n, C, H, W)."""
    return losses.dissimilarity(pictures, truth) + (pictures - truth).abs().mean()


class Objective(NamedTuple):
    """What a decoder is trained with, given pictures float (B, 3, H, W) and the truth: `loss`, and
    `opponent`, called after each of its steps with the pictures it has just drawn, without their
    history, to train what it plays against."""

    loss: Callable[[Tensor, Tensor], Tensor] = similarity_loss
    opponent: Callable[[Tensor, Tensor], None] | None = None


class Redrawer(NamedTuple):
    """A decoder that has been trained.

    weights     its own, as far as half precision keeps them, and the release's `mean` and `scale`
    z           "validation", "test" -> scaled releases (n, …)
    validation  MS-SSIM on the validation photographs
    """

    decoder: nn.Module
    weights: dict[str, Tensor]
    z: dict[str, Rows]
    validation: float

    def pictures(self, split: str) -> Tensor:
        """uint8 (n, 3, H, W)"""
        return decode(self.decoder, self.z[split])


def by_decoder(
    view: AttackerView,
    generator: Generator,
    attack: Attack,
    build: Build,
    objective: Callable[[], Objective] = Objective,
) -> Result:
    """`attack`: the reconstructions of the test photographs by a decoder that is `trained`; its
    weights where they are kept."""
    redrawer = trained(view, generator, build, objective)
    tried = redrawer.pictures("validation")
    result = score_reconstructions(
        view, attack, redrawer.pictures("test"), redrawer.validation, tried
    )
    if attack.keeps_weights:
        return Result(result.findings, result.arrays, redrawer.weights)
    return result


def trained(
    view: AttackerView,
    generator: Generator,
    build: Build,
    objective: Callable[[], Objective] = Objective,
) -> Redrawer:
    """A decoder that `build` makes, trained on the attacker's photographs, and on `view.extra` where
    there is a second source, until MS-SSIM on the validation photographs stops improving.
    `objective` is made once `build` has drawn its weights."""
    z_train, x_train = training_pairs(view)
    scaler = scaler_of(z_train)
    z = {"attacker": z_train} | {split: view.z[split] for split in ("validation", "test")}
    z = {split: mapped(rows, scaler) for split, rows in z.items()}
    shape, size = tuple(z["test"].shape[1:]), x_train.shape[-2:]
    latest: list[Tensor] = []  # pictures that the decoder has just drawn, and the truth

    def loss(pictures: Tensor, rows: Tensor) -> Tensor:
        pictures, truth = pictures.contiguous(), x_train[rows].float() / 255
        latest[:] = pictures.detach(), truth
        return playing.loss(pictures, truth)

    def opponent() -> None:
        if playing.opponent is not None:
            playing.opponent(*latest)

    def look(average: nn.Module) -> float:
        return images.mean_ms_ssim(decode(average, z["validation"]), view.x["validation"])

    with seeded(generator, view.device):
        decoder = build(shape, size[0], size[1])
        playing = objective()
        decoder, validation = fitting.fit_on(
            z["attacker"],
            decoder,
            (fitting.batches(len(x_train), BATCH, generator) for _ in range(MOST_EPOCHS)),
            loss,
            look,
            RECIPE,
            afterwards=opponent,
        )
    weights = halved(dict(decoder.state_dict()))
    decoder.load_state_dict({name: value.float() for name, value in weights.items()})
    weights |= {"mean": scaler.mean, "scale": scaler.scale}
    return Redrawer(decoder, weights, z, validation)


def training_pairs(view: AttackerView) -> tuple[Rows, Rows]:
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
    return joined((z, extra["z"])), joined((x, extra["x"]))


def decode(decoder: nn.Module, z: Rows) -> Tensor:
    """Pictures uint8 (n, 3, H, W) that `decoder` makes of scaled releases (n, …)."""
    decoder.eval()
    with torch.no_grad(), fitting.half_precision(z.device):
        return torch.cat(
            [
                decoder(part).float().clamp(0, 1).mul(255).round().to(torch.uint8)
                for part in z.split(devices.batch(z.device))
            ]
        )


def scaler_of(z: Rows) -> Scaler:
    """Brings releases like z, (n, d) or (n, C, h, w), to a common scale: per channel for maps, per
    dimension for flat ones; pictures stay as they are (their decoder corrects them)."""
    if z.ndim == 4 and z.shape[1] == 3:
        zero = torch.zeros(1, 3, 1, 1, device=z.device)
        return Scaler(zero, zero + 1)
    own = map_scaler(z) if z.ndim == 4 else standardiser(z)
    return Scaler(own.mean, own.scale)
