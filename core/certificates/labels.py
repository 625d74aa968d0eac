"""What the tasks' true answers tell of a secret, and the best that any release can do about it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.certificates import histograms, program
from core.certificates.finite import total_variation
from core.certificates.histograms import Floats

LIMITS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0)
MOST_TASKS = 6


def frontier(
    tasks: NDArray[np.integer],
    secret: NDArray[np.integer],
    identities: NDArray[np.int64],
    limits: Sequence[float] = LIMITS,
) -> tuple[float, Floats]:
    """(floor, (limits, 2)): the balanced accuracy on a secret of whoever sees the true answers to all
    tasks; and pairs of what a secret may be guessed by, balanced, and the best mean balanced accuracy
    of the tasks that any release can have then on these people. Photographs without doubt, a device
    that knows everything: nobody does better, so what lies beyond is impossible.

    tasks       (n, T) of 0 and 1, at most `MOST_TASKS` of them
    secret      (n,) of 0 and 1
    identities  (n,)

    Whatever is released, the service's decision is drawn from something that depends on the tasks'
    answers and the secret: the program over these cells is as good as any.
    """
    powers = 2 ** np.arange(tasks.shape[1])
    answers = (tasks != 0).astype(np.int64) @ powers
    cells = histograms.one_hot(2 * answers + (secret != 0), 2 * 2 ** tasks.shape[1])
    people = histograms.of_people(cells, identities, secret)
    if not len(people.having) or not len(people.without):
        return 1.0, np.array([((1 + limit) / 2, 1.0) for limit in limits])
    having, without = people.having.mean(0), people.without.mean(0)
    merged = having.reshape(-1, 2).sum(1), without.reshape(-1, 2).sum(1)
    floor = (1 + total_variation(*merged)) / 2
    constant = [t for t in range(tasks.shape[1]) if tasks[:, t].min() == tasks[:, t].max()]
    served = [
        (cells[tasks[:, t] != 0].mean(0), cells[tasks[:, t] == 0].mean(0))
        for t in range(tasks.shape[1])
        if t not in constant
    ]
    if not served:
        return floor, np.array([((1 + limit) / 2, 1.0) for limit in limits])
    worth, _ = program.gains(served)
    best = []
    for limit in limits:
        table = program.solve(worth, [having - without], [limit])
        best.append(((1 + limit) / 2, float((worth * table).sum())))
    return floor, np.array(best)
