"""The table of answers that serves the tasks best while it hides the secrets: a linear program, solved
by HiGHS."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from core.certificates.histograms import Floats
from core.errors import PenumbraError


def gains(
    tasks: Sequence[tuple[Floats, Floats]], weights: Sequence[float] | None = None
) -> tuple[Floats, NDArray[np.int64]]:
    """What each answer is worth in each cell, and what the answers are.

    tasks    of each task the distributions over cells (K,) of people with it and without it
    weights  of the tasks; default: all the same

    Returns (K, 2^tasks): summed over what a table answers they give its mean balanced accuracy; and
    (2^tasks, tasks) of 0 and 1.
    """
    shares = np.asarray([1.0] * len(tasks) if weights is None else weights, float)
    if len(shares) != len(tasks) or (shares < 0).any() or not shares.sum():
        raise PenumbraError("give each task a weight of 0 or more, and one of them more than 0")
    answers = np.array(list(product((0, 1), repeat=len(tasks))), np.int64)
    worth = np.zeros((len(tasks[0][0]), len(answers)))
    for share, (with_it, without_it), said in zip(
        shares / shares.sum(), tasks, answers.T, strict=True
    ):
        worth += share * np.where(said == 1, with_it[:, None], without_it[:, None]) / 2
    return worth, answers


def solve(worth: Floats, secrets: Sequence[Floats], limits: Sequence[float]) -> Floats:
    """The table (K, M), rows distributions, with the largest sum of `worth` times table of which
    each secret's total variation is at most its limit.

    worth    (K, M)
    secrets  of each the difference (K,) of the distributions over cells of people with and without
    limits   of each secret, 0 to 1; 0: both groups answer alike

    Cells in which nobody was seen get the most frequent answer. Raises PenumbraError where the
    solver fails.
    """
    cells, answers = worth.shape
    if len(secrets) != len(limits) or any(not 0 <= t <= 1 for t in limits):
        raise PenumbraError("give each secret a limit between 0 and 1")
    seen = np.flatnonzero(worth.sum(1) + sum((abs(d) for d in secrets), np.zeros(cells)))
    n, many = len(seen), len(secrets)
    # Variables: the table row by row, then for each secret and answer the absolute difference.
    objective = np.concatenate([-worth[seen].ravel(), np.zeros(many * answers)])
    above: list[sparse.csr_matrix] = []
    limit: list[Floats] = []
    for index, (difference, tau) in enumerate(zip(secrets, limits, strict=True)):
        each = sparse.kron(sparse.csr_matrix(difference[seen][None, :]), sparse.eye(answers))
        place = sparse.csr_matrix(([1.0], ([0], [index])), shape=(1, many))
        slack = sparse.kron(place, sparse.eye(answers))
        above += [sparse.hstack([each, -slack]), sparse.hstack([-each, -slack])]
        above.append(
            sparse.hstack(
                [sparse.csr_matrix((1, n * answers)), sparse.kron(place, np.ones((1, answers)))]
            )
        )
        limit += [np.zeros(2 * answers), np.array([2 * tau])]
    rows = sparse.hstack(
        [
            sparse.kron(sparse.eye(n), np.ones((1, answers))),
            sparse.csr_matrix((n, many * answers)),
        ]
    )
    found = linprog(
        objective,
        A_ub=sparse.vstack(above).tocsr() if above else None,
        b_ub=np.concatenate(limit) if above else None,
        A_eq=rows.tocsr(),
        b_eq=np.ones(n),
        bounds=(0, None),
        method="highs-ds",
    )
    if found.status != 0:
        raise PenumbraError(f"no table of answers was found: {found.message}")
    part = np.clip(found.x[: n * answers].reshape(n, answers), 0, None)
    part /= part.sum(1, keepdims=True)
    mass = part.sum(0)
    table = np.zeros((cells, answers))
    table[:, int(mass.argmax())] = 1
    table[seen] = part
    return table


def fewer(
    worth: Floats, secrets: Sequence[Floats], limits: Sequence[float], most: int
) -> NDArray[np.int64]:
    """Which `most` answers (positions, ascending) to keep: the likeliest of the best table with
    all, that is what it is solved with again."""
    if worth.shape[1] <= most:
        return np.arange(worth.shape[1])
    table = solve(worth, secrets, limits)
    weight = (worth.sum(1) @ table) if worth.any() else table.sum(0)
    return np.sort(np.argsort(-weight, kind="stable")[:most])
