"""Gradient descent on pixels, until they release what was observed."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.attacks.declare import Attack
from core.attacks.features import Scaler
from core.attacks.interface import AttackerView, Result
from core.attacks.reconstruction.scoring import score_reconstructions
from core.attacks.reconstruction.training import scaler_of
from core.data.held import mean as mean_of
from core.metrics import images
from core.metrics.identity import nearest

PICTURES = 64  # test photographs that are reconstructed
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
    search = Search(view, scaler_of(view.z["attacker"]))
    rows = chosen(view, PICTURES)
    tried = view.x["validation"][:TRIALS]
    begun, wanted = search.begun(view.z["validation"][:TRIALS], generator)
    seed = int(torch.randint(2**62, (), generator=generator))
    quality: dict[float, Tensor] = {}
    trials: dict[float, Tensor] = {}
    for weight in WEIGHTS:
        noise = torch.Generator().manual_seed(seed)
        trials[weight] = drawn = search.finished(begun, wanted, weight, noise)
        quality[weight] = images.similarities(drawn, tried, [images.MS_SSIM])["ms_ssim"].double()
    weight = max(WEIGHTS, key=lambda candidate: float(quality[candidate].mean()))
    scores = quality[weight]
    error = float(scores.std(correction=0)) / math.sqrt(max(1, len(scores) - 1))
    released = view.z["test"][torch.as_tensor(rows, device=view.z["test"].device)]
    drawn = search.finished(*search.begun(released, generator), weight, generator)
    least = float(scores.mean()) - error
    found = score_reconstructions(view, attack, drawn, least, trials[weight], rows)
    return Result(found.findings, found.arrays | {"prior_weight": np.array(weight)})


def chosen(view: AttackerView, count: int) -> NDArray[np.int64]:
    """Test rows to reconstruct: the pictured ones, then the first others, at most `count`."""
    others = np.setdiff1d(np.arange(len(view.z["test"])), view.pictured)
    return np.concatenate((view.pictured, others))[:count].astype(np.int64)


@dataclass(frozen=True)
class Search:
    """For pictures (n, 3, H, W) in [0, 1] whose scaled releases are the `wanted` ones (n, …)."""

    view: AttackerView
    scaler: Scaler

    def begun(self, z: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """(pictures, what releases z are as wanted ones): the best of the starts, each after
        `FIRST_STEPS`."""
        wanted = self.scaler(z)
        tried = [
            self.descend(start, wanted, MIDDLE, FIRST_STEPS, generator)
            for start in self.starts(wanted, generator)
        ]
        seed = int(torch.randint(2**62, (), generator=generator))
        best = torch.stack([self.distance(one, wanted, seed) for one in tried]).argmin(0)
        return torch.stack(tried)[best, torch.arange(len(best), device=best.device)], wanted

    def finished(
        self, pictures: Tensor, wanted: Tensor, weight: float, generator: Generator
    ) -> Tensor:
        """The pictures uint8 after the remaining steps."""
        drawn = self.descend(pictures, wanted, weight, STEPS, generator, settle=True)
        return drawn.mul(255).round().to(torch.uint8)

    def starts(self, wanted: Tensor, generator: Generator) -> list[Tensor]:
        """Pictures to begin with: the attacker's mean face, noise around it, and the photograph
        whose release is nearest."""
        x = self.view.x["attacker"]
        mean = (mean_of(x, Tensor.double) / 255).float().expand(len(wanted), -1, -1, -1)
        noise = torch.randn(mean.shape, generator=generator).to(mean.device)
        known = self.scaler(self.view.z["attacker"][:NEIGHBOURS]).flatten(1).cpu().numpy()
        found = nearest(wanted.flatten(1).cpu().numpy(), known)
        photographs = x[torch.as_tensor(found, device=x.device)].float() / 255
        return [mean.clone(), (mean + 0.2 * noise).clamp(0, 1), photographs]

    def descend(
        self,
        start: Tensor,
        wanted: Tensor,
        weight: float,
        steps: int,
        generator: Generator,
        settle: bool = False,
    ) -> Tensor:
        """`start` after `steps` of Adam on each picture alone, the prior weighing `weight`; with
        `settle` the step size falls to 0 along half a cosine."""
        parts = []
        batch = BATCH if start.device.type == "cpu" else len(start)
        for begin, aim in zip(start.split(batch), wanted.split(batch), strict=True):
            pictures = begin.clone().requires_grad_()
            optimiser = torch.optim.Adam([pictures], STEP_SIZE)
            for step in range(steps):
                if settle:
                    share = (1 + math.cos(math.pi * step / steps)) / 2
                    optimiser.param_groups[0]["lr"] = STEP_SIZE * share
                released = self.view.release(pictures, generator)
                if not released.requires_grad:
                    break  # nothing to follow
                apart = _distances(self.scaler(released), aim)
                loss = apart + weight * total_variation(pictures)
                (pictures.grad,) = torch.autograd.grad(loss.sum(), [pictures])
                optimiser.step()
                with torch.no_grad():
                    pictures.clamp_(0, 1)
            parts.append(pictures.detach())
        return torch.cat(parts)

    def distance(self, pictures: Tensor, wanted: Tensor, seed: int) -> Tensor:
        """How far what `pictures` release is from `wanted`, (n,): the mean of several draws."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            draws = [
                _distances(self.scaler(self.view.release(pictures, generator)), wanted)
                for _ in range(DRAWS)
            ]
        return torch.stack(draws).mean(0)


def _distances(released: Tensor, wanted: Tensor) -> Tensor:
    return (released - wanted).square().flatten(1).mean(1)


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, down and across, of pictures (n, 3, H, W): (n,)."""
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().flatten(1).mean(1)
    across = (pictures[:, :, :, 1:] - pictures[:, :, :, :-1]).abs().flatten(1).mean(1)
    return down + across
