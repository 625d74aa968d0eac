"""Reconstruction: a decoder trained from scratch to turn frozen releases back into pictures."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Generator, Tensor, nn

from core.attacks import fitting
from core.attacks.features import standardiser
from core.attacks.interface import Exposed, Result, check_finite, finding
from core.checkpoint import halved
from core.metrics import images
from core.metrics.intervals import mean_interval, resample_identities
from core.nets.decoders import decoder_for
from core.pictures import packed

BATCH = 32
LEARNING_RATE = 4e-3
PATIENCE = 1  # epochs without a better validation score before the learning rate falls
DECAY = 0.25
DROPS = 2
MOST_EPOCHS = 30
ENOUGH = 3e-3  # MS-SSIM that an epoch must gain to count as better


def mirrored_decoder(exposed: Exposed, generator: Generator) -> Result:
    """The mirrored obfuscator (DeepObfuscator Table 1) against a frozen release; for releases of
    another shape a decoder that fits, see `core.nets.decoders`.

    Trained on the attacker's photographs with 1 - MS-SSIM + mean absolute error until MS-SSIM on
    validation stops improving. Findings: mean MS-SSIM, SSIM and PSNR over the test photographs;
    chance is the score of the attacker's mean picture. Arrays: `originals` and `reconstructions`,
    packed by `core.pictures`, of the photographs at `positions` among the test photographs, and
    `ms_ssim`, `ssim`, `psnr` of each. Weights: the decoder's, and the release's `mean` and `scale`.
    """
    check_finite(exposed)
    device = exposed.device
    scaler = _scaler(exposed.z["attacker"])
    z = {split: scaler(exposed.z[split]) for split in ("attacker", "validation", "test")}
    height, width = exposed.x["test"].shape[-2:]
    with fitting.seeded(generator, device):
        decoder = decoder_for(tuple(z["test"].shape[1:]), height, width).to(device)
        decoder = _train(decoder, z, exposed.x, generator)
    weights = halved(dict(decoder.state_dict()))
    decoder.load_state_dict({name: value.float() for name, value in weights.items()})
    redrawn = decode(decoder, z["test"])
    truth = exposed.x["test"]
    quality = images.similarities(redrawn, truth)
    blind = images.similarities(_mean_picture(exposed.x["attacker"], len(truth)), truth)
    resampling = resample_identities(exposed.identities["test"])
    findings = [
        finding(
            target="image",
            role="private",
            attacker="mirrored_decoder",
            metric=metric,
            value=float(values.double().mean()),
            interval=mean_interval(values.numpy(), resampling),
            chance=float(blind[metric].double().mean()),
            n=len(truth),
            identities=resampling.identities,
        )
        for metric, values in quality.items()
    ]
    shown = exposed.pictured
    arrays = {
        **packed("originals", truth[shown].permute(0, 2, 3, 1).cpu().numpy()),
        **packed("reconstructions", redrawn[shown].permute(0, 2, 3, 1).cpu().numpy()),
        "positions": exposed.places.get("test", np.arange(len(truth)))[shown].astype(np.int32),
        **{metric: values.numpy()[shown].astype(np.float32) for metric, values in quality.items()},
    }
    return Result(findings, arrays, weights | {"mean": scaler.mean, "scale": scaler.scale})


def decode(decoder: nn.Module, z: Tensor, batch: int = 256) -> Tensor:
    """Pictures uint8 (n, 3, H, W) that `decoder` makes of scaled releases (n, …)."""
    decoder.eval()
    with torch.no_grad(), fitting.half_precision(z.device):
        return torch.cat(
            [
                decoder(z[i : i + batch]).float().clamp(0, 1).mul(255).round().to(torch.uint8)
                for i in range(0, len(z), batch)
            ]
        )


class _Scaler:
    """Brings releases to a common scale by the attacker's statistics: per channel for maps, per
    dimension for flat releases; pictures stay as they are (their decoder corrects them)."""

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        self.mean, self.scale = mean, scale

    def __call__(self, z: Tensor) -> Tensor:
        scaled = (z.float() - self.mean) * self.scale
        return scaled.contiguous(memory_format=torch.channels_last) if z.ndim == 4 else scaled


def _scaler(z: Tensor) -> _Scaler:
    if z.ndim != 4:
        flat = standardiser(z)
        return _Scaler(flat.mean.view(z.shape[1:]), flat.scale.view(z.shape[1:]))
    mean, scale = z.new_zeros(1, z.shape[1], 1, 1), z.new_ones(1, z.shape[1], 1, 1)
    if z.shape[1] == 3:
        return _Scaler(mean.float(), scale.float())
    mean = z.float().mean((0, 2, 3), keepdim=True)
    spread = (z.float() - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    return _Scaler(mean, torch.where(spread > 1e-6 * spread.max(), 1 / spread, 0.0))


def _mean_picture(x: Tensor, count: int) -> Tensor:
    """What a guesser who sees no release would draw: the mean of x, uint8 (count, 3, H, W)."""
    return x.double().mean(0).round().to(torch.uint8).expand(count, -1, -1, -1)


def similarity_loss(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean of (1 - MS-SSIM) + mean absolute error of float pictures (n, C, H, W)."""
    alike = images.ms_ssim_by_taps(pictures, truth, floor=1e-4).mean()
    return (1 - alike) + (pictures - truth).abs().mean()


def _train(
    decoder: nn.Module, z: dict[str, Tensor], x: dict[str, Tensor], generator: Generator
) -> nn.Module:
    """The running average of the decoder's weights at its best validation MS-SSIM."""
    device = z["attacker"].device
    if z["attacker"].ndim == 4:
        decoder = decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = fitting.Average(decoder, 0.98)
    optimiser = torch.optim.Adam(decoder.parameters(), LEARNING_RATE)
    best, best_state, waited, drops = -np.inf, decoder.state_dict(), 0, 0
    for _ in range(MOST_EPOCHS):
        decoder.train()
        for rows in fitting.batches(len(z["attacker"]), BATCH, generator):
            rows = rows.to(device)
            truth = x["attacker"][rows].float() / 255
            with fitting.half_precision(device):
                pictures = decoder(z["attacker"][rows])
            loss = similarity_loss(pictures.float().contiguous(), truth)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update()
        redrawn = decode(average.network, z["validation"])
        quality = images.similarities(redrawn, x["validation"], ["ms_ssim"])["ms_ssim"]
        value = float(quality.double().mean())
        if value > best:
            improved = value > best + ENOUGH
            best, best_state = value, copy.deepcopy(average.network.state_dict())
            waited = 0 if improved else waited + 1
        else:
            waited += 1
        if waited >= PATIENCE:
            drops, waited = drops + 1, 0
            if drops == DROPS:
                break
            for group in optimiser.param_groups:
                group["lr"] *= DECAY
    average.network.load_state_dict(best_state)
    return average.network
