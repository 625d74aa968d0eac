"""How long one compact DeepObfuscator takes from nothing to strict findings, and its peak memory.

    python -m bench.train_and_evaluate [--device auto]

On the embedded synthetic faces, in a folder of its own: packing the photographs, all pretraining
and the controls of the attackers are part of the time. The goal on two CPU cores is 12 minutes and 4 GB.
"""

import argparse
import os
import resource
import tempfile
import time

from core import data
from core.evaluate import evaluate
from core.methods.papers.deep_obfuscator import DEEP_OBFUSCATOR
from core.run import Run
from core.run_validation import checked
from core.train import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as place:
        os.environ["PENUMBRA_CHECKPOINTS"] = f"{place}/checkpoints"
        os.environ["PENUMBRA_HOME"] = f"{place}/home"
        began = time.perf_counter()
        faces = data.load("synthetic", 64, 64)
        folder = train(checked(Run(DEEP_OBFUSCATOR.name, "synthetic")), faces, options.device)
        trained = time.perf_counter()
        evaluate(folder, device=options.device)
        ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"trained in {(trained - began) / 60:.1f} min, measured in {(ended - trained) / 60:.1f} min, "
        f"together {(ended - began) / 60:.1f} min (goal 12), peak memory {peak:.2f} GB (goal 4)"
    )


if __name__ == "__main__":
    main()
