"""How fast every method trains, and what the loop around its networks costs.

    python -m bench.methods [--methods pric,aia] [--preset compact] [--cycles 12] [--device auto]

For each method the stage that takes longest is stepped in turn by the real loop's code, on batches
that it draws, and bare: the same losses of the same networks on one batch drawn beforehand, with
gradients asked for where they are needed and nothing else. Printed are images per second of both
and their ratio (goal .9), and how long all stages of one training take at the speed of the real
loop (goal for compact presets: 15 minutes on two cores).

With `--precision` (for a GPU, paper presets) it compares plain float32, eager, as the loop trains,
with bfloat16, channels-last and `torch.compile` instead.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import torch

from core import data, train
from core import device as devices
from core.data.on_device import part_indices, to_device
from core.methods import METHODS, Batch, Model
from core.run import Run
from core.run_validation import checked
from core.training.batches import batch_at, batches_before
from core.training.state import optimisers_of

if TYPE_CHECKING:
    from core.data.faces import Faces

Step = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    trained = [name for name in METHODS if name not in ("blur", "pixelate")]
    parser.add_argument("--methods", default=",".join(trained), help="comma-separated")
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--cycles", type=int, default=12)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", action="store_true")
    options = parser.parse_args()

    device = devices.choose(options.device)
    print(f"{devices.describe(device)}, {options.preset} presets, {options.cycles} cycles")
    for name in options.methods.split(","):
        method = METHODS[name]
        preset = method.presets[options.preset]
        faces = data.load(options.dataset, preset["height"], preset["width"])
        run = checked(Run(name, options.dataset, options.preset, method.tasks, method.private))
        if options.precision:
            print(precision(run, faces, device, options.cycles), flush=True)
        else:
            print(bookkeeping(run, faces, device, options.cycles), flush=True)


class Bench:
    """A run's model on the device, with its stages ready to be stepped."""

    def __init__(self, run: Run, faces: Faces, device: torch.device, channels_last: bool) -> None:
        self.run, self.device = run, device
        self.model: Model = METHODS[run.method].model(run, faces.attribute_names)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        for network in self.model.networks.values():
            network.to(device, memory_format=layout)  # type: ignore[call-overload]
        parts = {phase.part for stage in self.model.stages for phase in stage.phases}
        self.photographs = {
            part: to_device(faces, part_indices(faces, part), device, True)
            for part in (*parts, "all")
        }
        self.lengths = train.stage_lengths(self.model, len(faces.indices("defender")))

    def batch(self, number: int, step: int) -> Batch:
        stage = self.model.stages[number]
        part = stage.phases[step % len(stage.phases)].part
        return batch_at(
            self.photographs[part], self.run.seed, number, step, stage.batch_size, stage.pairs
        )

    def prepare(self, number: int) -> None:
        stage = self.model.stages[number]
        if stage.prepare is None:
            return
        train.freeze(self.model)
        with torch.no_grad():
            drawn = partial(batches_before, self.photographs["all"], self.run.seed, number, stage)
            stage.prepare(lambda count: drawn(min(count, 512)))

    def real(self, number: int) -> Step:
        """Step k of a stage as the training loop takes it."""
        stage = self.model.stages[number]
        optimisers = optimisers_of(self.model, stage)

        def step(k: int) -> None:
            phase = stage.phases[k % len(stage.phases)]
            train.update(self.model, phase, self.batch(number, k), optimisers)

        return step

    def bare(self, number: int, precise: bool = True) -> Step:
        """Step k of the stage's networks and losses, and nothing else."""
        stage = self.model.stages[number]
        optimisers = optimisers_of(self.model, stage)
        batches = [self.batch(number, k) for k in range(len(stage.phases))]
        parameters = [
            [p for name in phase.trains for p in self.model.networks[name].parameters()]
            for phase in stage.phases
        ]

        def step(k: int) -> None:
            phase, batch, mine = (
                x[k % len(stage.phases)] for x in (stage.phases, batches, parameters)
            )
            for network in self.model.networks.values():
                network.train()
            for parameter in mine:
                parameter.requires_grad_(True)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=not precise):
                total = phase.losses(batch)["total"]
            gradients = torch.autograd.grad(total, mine, allow_unused=True)
            for parameter, gradient in zip(mine, gradients, strict=True):
                parameter.grad = gradient
            for name in phase.trains:
                optimisers[name].step()

        return step


def bookkeeping(run: Run, faces: Faces, device: torch.device, cycles: int) -> str:
    """One line: images per second of the loop and bare, their ratio, minutes of a training."""
    bench = Bench(run, faces, device, channels_last=True)
    minutes, longest = 0.0, (0.0, 0)
    for number, length in enumerate(bench.lengths):
        bench.prepare(number)
        if not length:
            continue
        count = len(bench.model.stages[number].phases)
        seconds = statistics.median(timed(bench.real(number), count, min(4, cycles), device))
        spent = seconds * length / count / 60
        minutes += spent
        longest = max(longest, (spent, number))
    if not minutes:
        return f"{run.method}: nothing is trained"
    number = longest[1]
    stage = bench.model.stages[number]
    count = len(stage.phases)
    # In turn, so that a machine that slows down for a while slows both.
    real, bare = bench.real(number), bench.bare(number)
    pairs = [
        (next(a), next(b))
        for a, b in itertools.repeat(
            (clock(real, count, device), clock(bare, count, device)), cycles + 1
        )
    ][1:]
    ours, plain = (statistics.median(times) for times in zip(*pairs, strict=True))
    images = count * stage.batch_size
    return (
        f"{run.method}, stage {stage.name}: {images / ours:.0f} images/s, bare "
        f"{images / plain:.0f}, ratio {plain / ours:.3f} (goal .9); a training takes "
        f"{minutes:.1f} min"
    )


def precision(run: Run, faces: Faces, device: torch.device, cycles: int) -> str:
    """One line: float32 eager against bfloat16, channels-last, compiled, of the last long stage."""
    seconds = {}
    for quick in (False, True):
        bench = Bench(run, faces, device, channels_last=quick)
        number = max(range(len(bench.lengths)), key=lambda n: bench.lengths[n])
        for earlier in range(number + 1):
            bench.prepare(earlier)
        if quick:
            for network in bench.model.networks.values():
                network.compile()
        count = len(bench.model.stages[number].phases)
        step = bench.bare(number, precise=not quick)
        seconds[quick] = statistics.median(timed(step, count, cycles, device))
    return (
        f"{run.method}: float32 eager {1000 * seconds[False]:.1f} ms a cycle, bfloat16 + "
        f"channels-last + compile {1000 * seconds[True]:.1f} ms, ratio "
        f"{seconds[False] / seconds[True]:.2f}"
    )


def timed(step: Step, count: int, cycles: int, device: torch.device) -> list[float]:
    """Seconds of `cycles` passes through `count` phases, after one that is not timed."""
    return list(itertools.islice(clock(step, count, device), 1, cycles + 1))


def clock(step: Step, count: int, device: torch.device) -> Iterator[float]:
    """Seconds of one pass through the phases after another."""
    for cycle in itertools.count():
        began = time.perf_counter()
        for k in range(cycle * count, (cycle + 1) * count):
            step(k)
        if device.type == "cuda":
            torch.cuda.synchronize()
        yield time.perf_counter() - began


if __name__ == "__main__":
    main()
