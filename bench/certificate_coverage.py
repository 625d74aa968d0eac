"""How often does a bound fail, and how much of it is slack?

    python -m bench.certificate_coverage                   # 10,000 simulated data sets
    python -m bench.certificate_coverage --rounds 500

Populations of many shapes are drawn; from each so many people as said are counted, once with a certain
answer each, once with a distribution of their own (Dirichlet), and certified at delta. A violation is a
bound below the truth. The slack is what a bound lies above the truth.
"""

import argparse
import math

import numpy as np

from core.certificates import finite
from core.certificates.finite import total_variation
from core.certificates.histograms import Groups, one_hot

SHAPES = (
    (2, 60, 60),
    (2, 200, 900),
    (4, 150, 150),
    (8, 600, 400),
    (12, 1000, 1400),
    (40, 500, 700),
)
DRAWN = 5.0  # concentration of people's own distributions


def population(generator: np.random.Generator, answers: int) -> tuple[np.ndarray, np.ndarray]:
    """Two distributions over answers: unrelated ones, nearly or exactly equal ones, by turns."""
    one, other = generator.dirichlet(np.ones(answers), 2)
    share = generator.choice([0.0, 0.05, 0.3, 1.0])
    return (1 - share) * other + share * one, other


def people(
    generator: np.random.Generator, mean: np.ndarray, count: int, certain: bool
) -> np.ndarray:
    if certain:
        return one_hot(generator.choice(len(mean), count, p=mean), len(mean))
    return generator.dirichlet(np.maximum(DRAWN * mean, 1e-3), count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10_000, help="simulated data sets in all")
    parser.add_argument("--delta", type=float, default=0.05)
    options = parser.parse_args()
    cases = [(shape, certain) for shape in SHAPES for certain in (True, False)]
    each = math.ceil(options.rounds / len(cases))
    print("| answers | people | each answers | bounds too low | mean slack | McDiarmid's |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for number, ((answers, having, without), certain) in enumerate(cases):
        generator = np.random.default_rng([number, 2026])
        misses, slack = 0, []
        for _ in range(each):
            one, other = population(generator, answers)
            groups = Groups(
                people(generator, one, having, certain), people(generator, other, without, certain)
            )
            if not certain:  # a Dirichlet's mean, exactly
                one, other = (np.maximum(DRAWN * p, 1e-3) for p in (one, other))
                one, other = one / one.sum(), other / other.sum()
            truth = (1 + total_variation(one, other)) / 2
            bound = finite.balanced(groups, options.delta).bound
            misses += bound < truth - 1e-9
            slack.append(bound - truth)
        wrong += misses
        plain = math.sqrt((1 / having + 1 / without) * math.log(1 / options.delta) / 8)
        print(
            f"| {answers} | {having} + {without} | {'one' if certain else 'by chance'} "
            f"| {misses} of {each} | {np.mean(slack):.3f} | {plain:.3f} |",
            flush=True,
        )
    print(f"\n{wrong} of {each * len(cases)} bounds too low; delta allows {options.delta:.0%}")


if __name__ == "__main__":
    main()
