"""What sharing the pretraining saves: a sweep of six lambda against six separate runs.

    python -m bench.shared_pretraining [--dataset synthetic] [--share 0.1] [--device auto]

Every number of epochs of the compact preset is multiplied by `--share`, which leaves the ratio of
the stages as it is; what every run costs besides its steps (loading, saving) weighs the more the
smaller the share. Prints the ratio of the two times; the goal is at most 0.6.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from core import data, train
from core.methods import METHODS
from core.sweep import grid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    method = METHODS["deep_obfuscator"]
    faces = data.load(options.dataset, 64, 64)
    full = method.presets["compact"]["schedule"]
    schedule = {k: v * options.share for k, v in full.items() if k.endswith("epochs")}
    runs = grid(
        method.name, options.dataset, "compact", ("Smiling",), ("Male",),
        {"lambda1": method.knobs[0].grid}, schedule=schedule,
    )  # fmt: skip

    def seconds(separate: bool) -> float:
        with tempfile.TemporaryDirectory() as place:
            os.environ["PENUMBRA_CHECKPOINTS"] = f"{place}/checkpoints"
            began = time.perf_counter()
            for number, run in enumerate(runs):
                os.environ["PENUMBRA_HOME"] = str(Path(place, f"home{number if separate else ''}"))
                train.train(run, faces, options.device, progress=False)
            return time.perf_counter() - began

    shared, separate = seconds(False), seconds(True)
    print(f"{len(runs)} runs, schedule x {options.share:g}")
    print(
        f"sweep {shared:.1f} s, separate {separate:.1f} s, ratio {shared / separate:.3f} (goal 0.6)"
    )


if __name__ == "__main__":
    main()
