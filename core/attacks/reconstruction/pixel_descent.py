"""Gradient descent on pixels, until they release what was observed."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.attacks.declare import Attack
from core.attacks.features import Scaler
from core.attacks.interface import AttackerView, Result, check_finite
from core.attacks.reconstruction.scoring import score_reconstructions
from core.attacks.reconstruction.training import scaler_of
from core.metrics import images
from core.metrics.identity import nearest

PICTURES = 64  # test photographs that are redrawn
TRIALS = 16  # validation photographs, on which the prior's weight is chosen
WEIGHTS = (1e-2, 0.3, 1.0, 3.0)  # of the prior, beside a feature distance that is 2 for strangers
MIDDLE = 0.3  # while the starts compete
FIRST_STEPS, STEPS = 40, 240  # of each start, and of the one that is kept
STEP_SIZE = 0.04  # of Adam, in units of a pixel's range; falls to 0 in the last steps
DRAWS = 8  # of a random release, where distances are compared
NEIGHBOURS = 4096  # of the attacker's photographs among which a start is looked for
BATCH = 32


def inverted(view: AttackerView, generator: Generator, attack: Attack) -> Result:
    """Findings and arrays of the attack `inversion`."""
    check_finite(view)
    scaler = scaler_of(view.z["attacker"])
    rows = chosen(view, PICTURES)
    tried = view.x["validation"][:TRIALS]
    attempt = _begun(view, view.z["validation"][:TRIALS], scaler, generator)
    seed = int(torch.randint(2**62, (), generator=generator))
    quality: dict[float, Tensor] = {}
    for weight in WEIGHTS:
        noise = torch.Generator().manual_seed(seed)
        redrawn = _finished(view, *attempt, scaler, weight, noise)
        quality[weight] = images.similarities(redrawn, tried, [images.MS_SSIM])["ms_ssim"].double()
    weight = max(WEIGHTS, key=lambda candidate: float(quality[candidate].mean()))
    scores = quality[weight]
    error = float(scores.std(correction=0)) / math.sqrt(max(1, len(scores) - 1))
    start = _begun(view, view.z["test"][_index(rows, view)], scaler, generator)
    redrawn = _finished(view, *start, scaler, weight, generator)
    found = score_reconstructions(view, attack, redrawn, float(scores.mean()) - error, rows)
    return Result(found.findings, found.arrays | {"prior_weight": np.array(weight)})


def chosen(view: AttackerView, count: int) -> NDArray[np.int64]:
    """Test rows to redraw: the pictured ones, then the first others, at most `count`."""
    others = np.setdiff1d(np.arange(len(view.z["test"])), view.pictured)
    return np.concatenate((view.pictured, others))[:count].astype(np.int64)


def _begun(
    view: AttackerView, z: Tensor, scaler: Scaler, generator: Generator
) -> tuple[Tensor, Tensor]:
    """(pictures float (n, 3, H, W), scaled releases wanted): the best of the starts, each after
    `FIRST_STEPS`."""
    wanted = scaler(z)
    tried = [
        descend(view, start, wanted, scaler, MIDDLE, FIRST_STEPS, generator)
        for start in starts(view, wanted, scaler, generator)
    ]
    seed = int(torch.randint(2**62, (), generator=generator))
    distances = torch.stack([distance(view, one, wanted, scaler, seed) for one in tried])
    best = distances.argmin(0)
    return torch.stack(tried)[best, torch.arange(len(best), device=best.device)], wanted


def _finished(
    view: AttackerView,
    pictures: Tensor,
    wanted: Tensor,
    scaler: Scaler,
    weight: float,
    generator: Generator,
) -> Tensor:
    """The pictures uint8 after the remaining steps."""
    drawn = descend(view, pictures, wanted, scaler, weight, STEPS, generator, settle=True)
    return drawn.mul(255).round().to(torch.uint8)


def starts(
    view: AttackerView, wanted: Tensor, scaler: Scaler, generator: Generator
) -> list[Tensor]:
    """Pictures float (n, 3, H, W) to begin with: the attacker's mean face, noise around it, and
    the photograph whose release is nearest."""
    x = view.x["attacker"]
    mean = (x.double().mean(0) / 255).float().expand(len(wanted), -1, -1, -1)
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    known = scaler(view.z["attacker"][:NEIGHBOURS]).flatten(1).cpu().numpy()
    found = nearest(wanted.flatten(1).cpu().numpy(), known)
    photographs = x[torch.as_tensor(found, device=x.device)].float() / 255
    return [mean.clone(), (mean + 0.2 * noise).clamp(0, 1), photographs]


def descend(
    view: AttackerView,
    start: Tensor,
    wanted: Tensor,
    scaler: Scaler,
    weight: float,
    steps: int,
    generator: Generator,
    settle: bool = False,
) -> Tensor:
    """`start` (n, 3, H, W) after `steps` of Adam on each picture alone, kept in [0, 1]; with
    `settle` the step size falls to 0 along half a cosine."""
    parts = []
    batch = BATCH if start.device.type == "cpu" else len(start)
    for begin in range(0, len(start), batch):
        pictures = start[begin : begin + batch].clone().requires_grad_()
        aim = wanted[begin : begin + batch]
        optimiser = torch.optim.Adam([pictures], STEP_SIZE)
        for step in range(steps):
            if settle:
                share = (1 + math.cos(math.pi * step / steps)) / 2
                optimiser.param_groups[0]["lr"] = STEP_SIZE * share
            released = view.release(pictures, generator)
            if not released.requires_grad:
                break  # nothing to follow
            loss = _distances(scaler(released), aim) + weight * total_variation(pictures)
            (pictures.grad,) = torch.autograd.grad(loss.sum(), [pictures])
            optimiser.step()
            with torch.no_grad():
                pictures.clamp_(0, 1)
        parts.append(pictures.detach())
    return torch.cat(parts)


def distance(
    view: AttackerView, pictures: Tensor, wanted: Tensor, scaler: Scaler, seed: int
) -> Tensor:
    """How far what `pictures` release is from `wanted`, (n,): the mean of several draws."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        draws = [
            _distances(scaler(view.release(pictures, generator)), wanted) for _ in range(DRAWS)
        ]
    return torch.stack(draws).mean(0)


def _distances(released: Tensor, wanted: Tensor) -> Tensor:
    return (released - wanted).square().flatten(1).mean(1)


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, down and across, of pictures (n, 3, H, W): (n,)."""
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().flatten(1).mean(1)
    across = (pictures[:, :, :, 1:] - pictures[:, :, :, :-1]).abs().flatten(1).mean(1)
    return down + across


def _index(rows: NDArray[np.int64], view: AttackerView) -> Tensor:
    return torch.as_tensor(rows, device=view.z["test"].device)
