"""Measured correlations of a built synthetic set, as Markdown tables.

    python -m bench.synthetic.correlations [--folder core/synthetic/faces]

Prints each attribute's share among all photographs, those of men and women, of young and old
people; the strongest correlations (phi); and how many people vary what they wear.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np

from bench.synthetic import FOLDER, listed

GROUPS = (("Male", 1), ("Male", 0), ("Young", 1), ("Young", 0))
WORN = ("Eyeglasses", "Heavy_Makeup", "No_Beard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    found = listed(parser.parse_args().folder)
    names = found.attribute_names
    values = dict(zip(names, found.attributes.T, strict=True))
    people = np.array(found.identities)

    print("| attribute | all | Male | not Male | Young | not Young |\n|---|---|---|---|---|---|")
    for name in names:
        shares = [values[name].mean()]
        shares += [values[name][values[group] == side].mean() for group, side in GROUPS]
        print(f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")

    table = np.corrcoef(found.attributes.T)
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
        differ = sum(np.ptp(values[name][people == person]) > 0 for person in np.unique(people))
        print(f"| {name} | {differ} of {len(np.unique(people))} |")


if __name__ == "__main__":
    main()
