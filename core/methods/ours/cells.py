"""Cells of scores, and the tables by which they are answered."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from core.certificates import histograms, program
from core.metrics.attributes import choose_threshold

BEYOND = 60_000.0  # an edge that no score passes
TYPICAL = 0.1  # limit at which the answers are chosen that are kept
NEAR = 1e-3  # scores this close to an edge are computed once more in double precision


class Tables(nn.Module):
    """Edges of scores and, for each limit of a grid, the table of answers.

    sizes    cells of each score, those of the tasks first
    tasks    how many of them are tasks
    answers  how many are kept
    limits   total variations, in falling order
    """

    held_edges: Tensor
    held_tables: Tensor
    says: Tensor  # (answers, tasks) of 0 and 1

    def __init__(
        self, sizes: Sequence[int], tasks: int, answers: int, limits: Sequence[float]
    ) -> None:
        super().__init__()
        self.sizes, self.limits = tuple(sizes), tuple(limits)
        self.shape = (len(limits), int(np.prod(sizes)), answers)
        edges = torch.full((len(sizes) * (max(2, *sizes) - 1),), BEYOND, dtype=torch.float64)
        even = torch.full((int(np.prod(self.shape)),), 1 / answers, dtype=torch.float64)
        # Vectors are stored in full precision (`core.storage.files.halved`).
        self.register_buffer("held_edges", edges)
        self.register_buffer("held_tables", even)
        self.register_buffer("says", torch.zeros(answers, tasks))

    @property
    def edges(self) -> Tensor:
        """(scores, most cells - 1), ascending, padded with `BEYOND`."""
        return self.held_edges.view(len(self.sizes), -1)

    @property
    def tables(self) -> Tensor:
        """(limits, cells, answers)."""
        return self.held_tables.view(self.shape)

    def cell_of(self, x: Tensor, scores: Tensor, precise: Callable[[Tensor], Tensor]) -> Tensor:
        """Cells (B,) of photographs with these scores (B, scores): the same on every machine, since
        what lies near an edge is decided in double precision."""
        near = ((scores.double()[:, :, None] - self.edges).abs() < NEAR).flatten(1).any(1)
        scores = scores.double()
        if near.any():
            scores = scores.clone()
            scores[near] = precise(x[near]).double()
        place = (scores[:, :, None] > self.edges).sum(2)
        found = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        for column, size in enumerate(self.sizes):
            found = found * size + place[:, column]
        return found

    def at(self, limit: float) -> Tensor:
        """(cells, answers): the table of a limit (`mixed`)."""
        return mixed(self.tables, self.limits, limit)

    def answered(self, z: Tensor) -> Tensor:
        """Logits (B, tasks) of +-1 of releases (B, answers), each one answer."""
        return 2 * (z @ self.says) - 1

    def solve(self, scores: np.ndarray, labels: np.ndarray, identities: np.ndarray) -> None:
        """Cut the scores (n, scores) and find the tables, from labels (n, scores) of photographs of
        `identities` (n,)."""
        tasks = self.says.shape[1]
        self.edges.fill_(BEYOND)
        for column, size in enumerate(self.sizes):
            found = edges(scores[:, column], labels[:, column], size)
            self.edges[column, : len(found)] = torch.from_numpy(found)
        place = torch.from_numpy(scores).to(self.edges)
        cell = self.cell_of(place, place, lambda near: near).cpu().numpy()
        given = histograms.one_hot(cell, int(np.prod(self.sizes)))
        served = [
            (given[labels[:, task] == 1].mean(0), given[labels[:, task] == 0].mean(0))
            for task in range(tasks)
        ]
        hidden = []
        for secret in range(tasks, labels.shape[1]):
            groups = histograms.of_people(given, identities, labels[:, secret])
            hidden.append(groups.having.mean(0) - groups.without.mean(0))
        worth, answers = program.gains(served)
        kept = program.fewer(worth, hidden, [TYPICAL] * len(hidden), self.says.shape[0])
        self.says.copy_(torch.from_numpy(answers[kept]))
        for number, limit in enumerate(self.limits):
            table = program.solve(worth[:, kept], hidden, [limit] * len(hidden))
            self.tables[number] = torch.from_numpy(table)


def mixed(tables: Tensor, limits: Sequence[float], limit: float) -> Tensor:
    """(cells, answers): of tables (limits, cells, answers) that of a limit; between two of them, in
    falling order, their mixture, which keeps it, since total variation is convex."""
    for number, below in enumerate(limits[1:], 1):
        above = limits[number - 1]
        if limit >= below:
            share = min(1.0, (limit - below) / (above - below))
            return share * tables[number - 1] + (1 - share) * tables[number]
    return tables[-1]


def edges(scores: np.ndarray, labels: np.ndarray, cells: int) -> np.ndarray:
    """`cells` - 1 edges of scores (n,), ascending: quantiles, the nearest of them moved to the threshold
    that tells labels (n,) best. Fewer where scores are equal."""
    if cells < 2:
        return np.empty(0)
    best = choose_threshold(labels, scores)
    found = np.quantile(scores.astype(np.float64), np.arange(1, cells) / cells)
    found[np.abs(found - best).argmin()] = best
    return np.unique(found)
