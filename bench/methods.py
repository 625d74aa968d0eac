"""How fast every method trains, and what the loop around its networks costs.

    python -m bench.methods [--methods pric,aia] [--preset compact] [--cycles 12] [--device auto]

For each method the stage that takes longest is stepped in turn by the real loop's code, on batches
that it draws, and bare: the same losses of the same networks on one batch drawn beforehand, with
gradients asked for where they are needed and nothing else. Printed are images per second of both
and their ratio (goal .9), and how long all stages of one training take at the speed of the real
loop (goal for compact presets: 15 minutes on two cores).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from core import data
from core import device as devices
from core.data.faces import Faces
from core.data.on_device import part_indices, to_device
from core.methods import METHODS, Batch, Model
from core.run import Run
from core.run_validation import checked
from core.training import networks
from core.training.batches import batch_at, batches_before

Step = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--cycles", type=int, default=12)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    device = devices.choose(options.device)
    print(f"{devices.describe(device)}, {options.preset} presets, {options.cycles} cycles")
    for name in options.methods.split(","):
        method = METHODS[name]
        faces = data.load(options.dataset, *method.size(options.preset))
        run = checked(Run(name, options.dataset, options.preset, method.tasks, method.private))
        print(compared(Bench(run, faces, device), options.cycles), flush=True)


class Bench:
    def __init__(self, run: Run, faces: Faces, device: torch.device) -> None:
        self.run, self.device = run, device
        model = METHODS[run.method].model(run, faces.attribute_names)
        self.model: Model = networks.to_device(model, device)
        parts = {phase.part for stage in model.stages for phase in stage.phases}
        self.photographs = {
            part: to_device(faces, part_indices(faces, part), device, True)
            for part in (*parts, "all")
        }
        learned = len(faces.indices("defender"))
        self.lengths = [networks.steps_of(stage, learned) for stage in model.stages]

    def batch(self, number: int, step: int) -> Batch:
        stage = self.model.stages[number]
        photographs = self.photographs[stage.phases[step % len(stage.phases)].part]
        return batch_at(photographs, self.run.seed, number, step, stage.batch_size, stage.pairs)

    def prepare(self, number: int) -> None:
        stage = self.model.stages[number]
        if stage.prepare is None:
            return
        networks.freeze(self.model)
        with torch.no_grad():
            drawn = partial(batches_before, self.photographs["all"], self.run.seed, number, stage)
            stage.prepare(lambda count: drawn(min(count, 512)))

    def real(self, number: int) -> Step:
        """Step k of a stage as the training loop takes it."""
        stage = self.model.stages[number]
        optimisers = networks.optimisers_of(self.model, stage)

        def step(k: int) -> None:
            phase = stage.phases[k % len(stage.phases)]
            networks.update(self.model, phase, self.batch(number, k), optimisers)

        return step

    def bare(self, number: int) -> Step:
        """Step k of the stage's networks and losses, and nothing else."""
        stage = self.model.stages[number]
        optimisers = networks.optimisers_of(self.model, stage)
        batches = [self.batch(number, k) for k in range(len(stage.phases))]
        trained = [
            [p for name in phase.trains for p in self.model.networks[name].parameters()]
            for phase in stage.phases
        ]

        def step(k: int) -> None:
            turn = k % len(stage.phases)
            phase, batch, mine = stage.phases[turn], batches[turn], trained[turn]
            for network in self.model.networks.values():
                network.train().requires_grad_(False)
            for parameter in mine:
                parameter.requires_grad_(True)
            gradients = torch.autograd.grad(phase.losses(batch)["total"], mine, allow_unused=True)
            for parameter, gradient in zip(mine, gradients, strict=True):
                parameter.grad = gradient
            for name in phase.trains:
                optimisers[name].step()

        return step


def compared(bench: Bench, cycles: int) -> str:
    """One line: images per second of the loop and bare, their ratio, minutes of a training."""
    minutes: dict[int, float] = {}
    for number, length in enumerate(bench.lengths):
        bench.prepare(number)
        if length:
            (taken,) = passes(bench, number, min(4, cycles), bench.real(number))
            minutes[number] = taken * length / len(bench.model.stages[number].phases) / 60
    if not minutes:
        return f"{bench.run.method}: nothing is trained"
    number = max(minutes, key=minutes.__getitem__)
    stage = bench.model.stages[number]
    ours, plain = passes(bench, number, cycles, bench.real(number), bench.bare(number))
    images = len(stage.phases) * stage.batch_size
    return (
        f"{bench.run.method}, stage {stage.name}: {images / ours:.0f} images/s, bare "
        f"{images / plain:.0f}, ratio {plain / ours:.3f} (goal .9); a training takes "
        f"{sum(minutes.values()):.1f} min"
    )


def passes(bench: Bench, number: int, cycles: int, *steps: Step) -> list[float]:
    """Seconds of a pass through the phases of a stage by each of `steps`: the median of `cycles`,
    after one that is not timed; in turn, so that a machine that slows down for a while slows all."""
    count = len(bench.model.stages[number].phases)
    seconds: list[list[float]] = [[] for _ in steps]
    for cycle in range(cycles + 1):
        for step, times in zip(steps, seconds, strict=True):
            began = time.perf_counter()
            for k in range(cycle * count, (cycle + 1) * count):
                step(k)
            if bench.device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - began)
    return [statistics.median(times[1:]) for times in seconds]


if __name__ == "__main__":
    main()
