"""What feeding the training loop costs: real batches against one cached batch.

    python -m bench.pipeline [--dataset synthetic] [--steps 60] [--rounds 5] [--device auto]

Runs the steps of compact DeepObfuscator's adversarial cycle in turn on batches drawn by the real
loop's own code and on one batch drawn beforehand; prints the ratio of the two, round by round. The
goal is at most 1.05.
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
from core.run import Run, checked
from core.training_state import optimisers_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    device = devices.choose(options.device)
    faces = data.load(options.dataset, 64, 64)
    run = checked(Run("deep_obfuscator", options.dataset))
    model = METHODS[run.method].build(run, faces.attribute_names)
    for network in model.networks.values():
        network.to(device, memory_format=torch.channels_last)
    photographs = to_device(faces, "defender", device, True)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    cached = train.batch_at(photographs, 0, 2, 0, stage.batch_size)

    def seconds(real: bool) -> float:
        began = time.perf_counter()
        for step in range(options.steps):
            batch = train.batch_at(photographs, 0, 2, step, stage.batch_size) if real else cached
            train.update(model, stage.phases[step % len(stage.phases)], batch, optimisers)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    seconds(True)
    ratios = []
    for number in range(options.rounds):
        # In turn, so that a machine that slows down slows both.
        real, same = seconds(True), seconds(False)
        ratios.append(real / same)
        print(f"round {number}: real {real:.2f} s, cached {same:.2f} s, ratio {real / same:.3f}")
    print(f"{devices.describe(device)}: median ratio {statistics.median(ratios):.3f} (goal 1.05)")


if __name__ == "__main__":
    main()
