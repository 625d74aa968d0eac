"""What feeding the training loop costs: real batches against one cached batch.

    python -m bench.pipeline [--dataset synthetic] [--cycles 30] [--device auto]

Runs compact DeepObfuscator's adversarial cycle in turn on batches drawn by the real loop's own code
and on one batch drawn beforehand; prints the ratio of the two median times. The goal is 1.05.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from core import data, train
from core import device as devices
from core.data.on_device import to_device
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from core.training.batches import batch_at
from core.training.networks import optimisers_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    device = devices.choose(options.device)
    faces = data.load(options.dataset, 64, 64)
    run = checked(Run("deep_obfuscator", options.dataset))
    model = METHODS[run.method].model(run, faces.attribute_names)
    for network in model.networks.values():
        network.to(device, memory_format=torch.channels_last)
    photographs = to_device(faces, "defender", device, True)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    cached = batch_at(photographs, 0, 2, 0, stage.batch_size)

    def cycle(number: int, real: bool) -> float:
        """Seconds of one pass through the phases."""
        began = time.perf_counter()
        for offset, phase in enumerate(stage.phases):
            step = number * len(stage.phases) + offset
            batch = batch_at(photographs, 0, 2, step, stage.batch_size) if real else cached
            train.update(model, phase, batch, optimisers)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    cycle(0, True), cycle(0, False)
    # In turn, so that a machine that slows down for a while slows both.
    pairs = [(cycle(number, True), cycle(number, False)) for number in range(options.cycles)]
    real, same = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"{devices.describe(device)}, {options.cycles} cycles of {len(stage.phases)} steps")
    print(
        f"median cycle: real batches {1000 * real:.1f} ms, one cached batch {1000 * same:.1f} ms, "
        f"ratio {real / same:.3f} (goal 1.05)"
    )


if __name__ == "__main__":
    main()
