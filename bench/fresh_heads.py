"""How well a fresh head reads the task from whole pictures: what a filter's loss has to be compared with.

    python -m bench.fresh_heads [--device auto]

The head is that of a filter's findings, for the task alone, trained on the defender's photographs as
they are. Ten minutes on one CPU core.
"""

import argparse

from core import data, results
from core import device as devices
from core.attacks.attributes import classifiers, scoring
from core.attacks.controls import identity_release
from core.attacks.releases import view_of
from core.methods import METHODS, UNPROTECTED
from core.metrics.attributes import BALANCED_ACCURACY
from core.run import ROOT, Run
from core.run_validation import checked
from core.seeding import generator_for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    run = checked(Run(UNPROTECTED, "synthetic"))
    faces = data.load(run.dataset, *METHODS[run.method].size(run.preset))
    view = view_of(identity_release, faces, run, devices.choose(options.device), 0)
    found = scoring.probe(view, generator_for("head"), "cnn", classifiers.fit_cnn, ["defender"])
    target, measure = f"attribute:{run.tasks[0]}", BALANCED_ACCURACY.name
    (fresh,) = [r for r in found.findings if (r["target"], r["metric"]) == (target, measure)]
    table = results.findings(ROOT / "checkpoints")
    same = {"run_id": run.id, "attacker": "own_head", "protocol": "strict", "metric": measure}
    for column, value in same.items():
        table = table[table[column] == value]
    (trained,) = table["value"]
    print(
        f"{run.tasks[0]}: fresh head on whole pictures {fresh['value']:.3f} "
        f"({fresh['low']:.3f} to {fresh['high']:.3f}), task network {trained:.3f}"
    )


if __name__ == "__main__":
    main()
