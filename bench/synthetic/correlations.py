"""Measured correlations of a built synthetic set, as Markdown tables.

    python -m bench.synthetic.correlations [--folder core/synthetic/faces]

Prints each attribute's share among all photographs, those of men and women, of young and old
people; the strongest correlations (phi); and how many people vary what they wear.
"""

import argparse
import csv
import itertools
from pathlib import Path

import numpy as np

GROUPS = (("Male", 1), ("Male", 0), ("Young", 1), ("Young", 0))
WORN = ("Eyeglasses", "Heavy_Makeup", "No_Beard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "core" / "synthetic" / "faces"
    parser.add_argument("--folder", type=Path, default=default)
    arguments = parser.parse_args()
    with open(arguments.folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [n for n in rows[0] if n not in ("image", "identity") and not n.startswith("meta_")]
    values = {name: np.array([int(row[name]) for row in rows]) for name in names}
    people = np.array([int(row["identity"]) for row in rows])

    print("| attribute | all | Male | not Male | Young | not Young |\n|---|---|---|---|---|---|")
    for name in names:
        shares = [values[name].mean()]
        shares += [values[name][values[group] == side].mean() for group, side in GROUPS]
        print(f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")

    table = np.corrcoef([values[name] for name in names])
    pairs = [
        (table[i, j], names[i], names[j])
        for i, j in itertools.combinations(range(len(names)), 2)
        if np.isfinite(table[i, j])
    ]
    print("\n| pair | phi |\n|---|---|")
    for phi, first, second in sorted(pairs, key=lambda pair: -abs(pair[0]))[:16]:
        print(f"| {first}, {second} | {phi:+.2f} |")

    print("\n| attribute | people whose photographs differ in it |\n|---|---|")
    for name in WORN:
        differ = sum(len(set(values[name][people == person])) > 1 for person in np.unique(people))
        print(f"| {name} | {differ} of {len(np.unique(people))} |")


if __name__ == "__main__":
    main()
