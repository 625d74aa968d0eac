"""What a method costs the device: time, memory, size and traffic (DPFE section 6.4).

Only what `release` computes counts: networks of which a tensor enters an operation of one release.

Time      of one photograph on `threads` cores, wall clock, after a warm-up: median and quartiles,
          and the share of it in which the one core was busy with other work (above `BUSY`: too
          much to believe the figures; null for several cores).
Memory    the weights that take part, the photograph as float32, and the most that operations hold
          beside them at one time, scratch space included, as PyTorch's CPU allocator reports it.
Multiply-adds  of convolutions and matrix products, half of what PyTorch's FlopCounterMode counts.
Traffic   the numbers released, as float32 and as float16, against the photograph's own bytes: the
          median stored file of the data set, else its 8-bit pixels at the network's input size. Of
          one of K answers its number, in whole bytes.
Share     of the whole network (release and the method's own head or verifier) that the device
          runs; null where the service trains its own network afterwards.
"""

import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from core import device as devices
from core.data import datasets
from core.data.listing import Photograph
from core.errors import PenumbraError
from core.methods import METHODS, Model
from core.run import Run
from core.storage import cost_file
from core.torch_types import Tensor

WARM_UP = 10  # releases before the clock runs
BUSY = 0.1
SHOWN = (  # in a terminal
    "run_id",
    "release_value",
    "milliseconds",
    "milliseconds_low",
    "milliseconds_high",
    "peak_memory_bytes",
    "parameters",
    "multiply_adds",
    "released_bytes",
    "photograph_bytes",
    "share_of_multiply_adds",
)


def measure(folder: Path | str, threads: int = 1, repeats: int = 100) -> dict[str, Any]:
    """Measure a finished run on this machine's CPU and write `cost.json`, unless other work slowed
    this measurement and not the one that is there. Returns what was measured.

    threads  cores that may be used
    repeats  timed releases per value of the release-time knob

    Raises PenumbraError when the run is unfinished or damaged.
    """
    import torch

    from core import train

    if threads < 1 or repeats < 4:
        raise PenumbraError("measuring the cost needs at least 1 thread and 4 repeats")
    folder = Path(folder)
    run, _, model = train.load(folder, "cpu")
    method = METHODS[run.method]
    generator = torch.Generator().manual_seed(run.seed)
    x = torch.rand((1, 3, *method.size(run.preset)), generator=generator)
    photograph, photograph_bytes = _photograph(run, x.numel())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.no_grad():
            record = {
                "version": cost_file.VERSION,
                "run_id": run.id,
                "machine": devices.describe(torch.device("cpu")),
                "torch": str(torch.__version__),
                "threads": threads,
                "repeats": repeats,
                "photograph": photograph,
                "photograph_bytes": photograph_bytes,
                "pixel_bytes": x.numel(),
                "releases": [
                    _release_cost(model, x, value, repeats) for value in method.release_values
                ],
            }
    finally:
        torch.set_num_threads(before)
    if not (slowed(record) and _is_better(folder)):
        cost_file.write(folder, record)
    return record


def slowed(record: dict[str, Any]) -> bool:
    """Whether other work kept the processor too busy for a measurement to be believed."""
    return any((release.get("share_waited") or 0) > BUSY for release in record["releases"])


def _is_better(folder: Path) -> bool:
    """Whether an earlier measurement is there that nothing slowed."""
    try:
        before = cost_file.read(folder)
    except PenumbraError:  # damaged: measured again at last
        return False
    return before is not None and not slowed(before)


def _release_cost(model: Model, x: Tensor, value: float | None, repeats: int) -> dict[str, Any]:
    """The fields of `core.storage.cost_file.RELEASE` for one value of the release-time knob; x (1, 3, H, W)."""
    import torch

    generator = torch.Generator().manual_seed(0)

    def release() -> Tensor:
        return model.release(x, generator, value)

    def serve() -> Tensor:
        z = model.release(x, generator, value)
        for network in (model.own_head, model.own_verifier):
            if network is not None:
                network(z)
        return z

    z, device = traced(release, model)
    _, whole = traced(serve, model)
    served = model.own_head is not None or model.own_verifier is not None
    weights = device["weights_bytes"]
    return {
        "release_value": value,
        **timed(release, repeats),
        "peak_memory_bytes": weights + x.numel() * x.element_size() + allocated(release),
        **device,
        **_sent(z, model),
        **{
            f"share_of_{name}": device[name] / whole[name] if served and whole[name] else None
            for name in ("parameters", "multiply_adds")
        },
    }


def _sent(z: Tensor, model: Model) -> dict[str, int]:
    """What a release takes to send: of one of K answers its number alone."""
    if model.table is not None:
        whole = max(1, math.ceil(math.log2(z.numel()) / 8))
        return {
            "released_numbers": 1,
            "released_bytes": whole,
            "released_bytes_float16": whole,
        }
    numbers = z.numel()
    return {
        "released_numbers": numbers,
        "released_bytes": 4 * numbers,
        "released_bytes_float16": 2 * numbers,
    }


def traced(compute: Callable[[], Tensor], model: Model) -> tuple[Tensor, dict[str, int]]:
    """What `compute` returns, and of the model's networks what takes part in it: `parameters`,
    trained numbers in tensors that enter an operation, if only in part; `weights_bytes`, the same
    with buffers; `multiply_adds`."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves
    from torch.utils.flop_counter import FlopCounterMode

    touched: set[int] = set()

    class Touch(TorchDispatchMode):
        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            found = tree_leaves((args, kwargs or {}))
            touched.update(_address(leaf) for leaf in found if isinstance(leaf, torch.Tensor))
            return operation(*args, **(kwargs or {}))

    with FlopCounterMode(display=False) as counter, Touch():
        result = compute()
    parameters = {id(p): p for network in model.networks.values() for p in network.parameters()}
    buffers = {id(b): b for network in model.networks.values() for b in network.buffers()}
    taking_part = {
        key: tensor
        for key, tensor in (parameters | buffers).items()
        if tensor.numel() and _address(tensor) in touched
    }
    return result, {
        "parameters": sum(t.numel() for key, t in taking_part.items() if key in parameters),
        "weights_bytes": sum(t.numel() * t.element_size() for t in taking_part.values()),
        "multiply_adds": counter.get_total_flops() // 2,
    }


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def timed(compute: Callable[[], Tensor], repeats: int) -> dict[str, float | None]:
    """ "milliseconds" (median), "milliseconds_low", "milliseconds_high" (quartiles) and
    "share_waited" of one `compute`, on as many threads as torch uses now."""
    import torch

    for _ in range(WARM_UP):
        compute()
    taken = []
    worked = -time.process_time()
    for _ in range(repeats):
        began = time.perf_counter()
        compute()
        taken.append(1000 * (time.perf_counter() - began))
    worked += time.process_time()
    low, middle, high = quantiles(taken, n=4, method="inclusive")
    waited = max(0.0, 1 - 1000 * worked / sum(taken)) if torch.get_num_threads() == 1 else None
    return {
        "milliseconds": middle,
        "milliseconds_low": low,
        "milliseconds_high": high,
        "share_waited": waited,
    }


def allocated(compute: Callable[[], Tensor]) -> int:
    """The most bytes that `compute` holds at one time beyond what was there before, its result
    included, by what PyTorch's CPU allocator reports to the profiler."""
    from torch.profiler import ProfilerActivity, profile

    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler talks on stderr
    compute()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = compute()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    del result
    steps = [event["args"] for event in events if event.get("name") == "[memory]"]
    held = most = 0
    for step in sorted(steps, key=lambda step: step["Ev Idx"]):
        held += step["Bytes"]
        most = max(most, held)
    return most


def _photograph(run: Run, pixels: int) -> tuple[str, int]:
    """What a photograph of the run's data set is on the device, in words, and its bytes."""
    try:
        photographs = datasets.listed(datasets.entry_of(run.dataset)).photographs
        sizes = [_size(photograph) for photograph in photographs]
    except (PenumbraError, OSError):
        return "8-bit pixels at the network's input size; the files are not on this machine", pixels
    return f"median of {len(sizes)} stored files", round(median(sizes))


def _size(photograph: Photograph) -> int:
    return photograph.size if photograph.offset >= 0 else os.stat(photograph.path).st_size
