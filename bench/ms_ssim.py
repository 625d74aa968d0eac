"""What `core.metrics.multi_scale.ms_ssim` buys over `pytorch_msssim.ms_ssim`, on one core.

    python -m bench.ms_ssim

Milliseconds of processor time for a batch of pictures, median of seven: measuring, and one step of
training against it; and how far the two numbers are apart. The library has no floor under its terms:
its gradient is NaN where pictures differ strongly, so that it cannot be trained against as it is.
"""

import statistics
import time
from collections.abc import Callable

import pytorch_msssim
import torch
from torch import Tensor
from torch.nn import functional

from core.metrics.multi_scale import ms_ssim, window_and_scales

SIZES = ((64, 64, 32), (128, 128, 32), (218, 178, 32))  # height, width, batch
REPEATS = 7
Function = Callable[[Tensor, Tensor], Tensor]


def library(first: Tensor, second: Tensor) -> Tensor:
    window, _ = window_and_scales(min(first.shape[-2:]))
    return pytorch_msssim.ms_ssim(first, second, data_range=1, size_average=False, win_size=window)


def milliseconds(function: Function, drawn: Tensor, truth: Tensor, training: bool) -> float:
    times = []
    for _ in range(REPEATS + 1):
        began = time.process_time()
        with torch.set_grad_enabled(training):
            alike = function(drawn, truth)
        if training:
            alike.sum().backward()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times[1:])


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    print("pictures            measuring: ours      library  training: ours      library    apart")
    for height, width, batch in SIZES:
        coarse = torch.rand(batch, 3, height // 8, width // 8, generator=generator)
        truth = functional.interpolate(coarse, (height, width), mode="bilinear")
        noisy = truth + 0.1 * torch.randn(truth.shape, generator=generator)
        drawn = noisy.clamp(0, 1).requires_grad_()
        times = [
            milliseconds(function, drawn, truth, training)
            for training in (False, True)
            for function in (ms_ssim, library)
        ]
        apart = float((ms_ssim(drawn, truth) - library(drawn, truth)).detach().abs().max())
        shown = "".join(f"{time:13.1f}" for time in times)
        print(f"{batch} of {height} x {width}".ljust(20), shown, f"{apart:8.0e}")


if __name__ == "__main__":
    main()
