"""A codebook of faces that does not tell the secrets: the nearest of K code words to what the scores say
beyond the device's own guess at the secrets."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from core.certificates import histograms, program
from core.methods.ours.cells import BEYOND, NEAR, edges, mixed
from core.metrics.attributes import auc

LEAST_SPREAD = 1e-3


class Codebook(nn.Module):
    """Code words, and for each limit of a grid the table by which they are released.

    scores   how many there are, one for each attribute
    secrets  columns of the scores that are to be hidden
    words    K
    grades   cells into which each secret's score is cut
    limits   total variations, in falling order
    """

    weights: Tensor  # (scores,), 0 for secrets

    def __init__(
        self,
        scores: int,
        secrets: Sequence[int],
        words: int,
        grades: int,
        limits: Sequence[float],
    ) -> None:
        super().__init__()
        self.secrets, self.grades, self.limits = list(secrets), grades, tuple(limits)
        self.groups = grades ** len(self.secrets)
        self.shapes = {
            "edges": (len(self.secrets), max(1, grades - 1)),
            "means": (self.groups, scores),
            "spreads": (self.groups, scores),
            "words": (words, scores),
            "tables": (len(limits), words * self.groups, words),
            "says": (words, scores),
        }
        # Vectors are stored in full precision (`core.storage.files.halved`).
        for name, shape in self.shapes.items():
            start = 1 / words if name == "tables" else 1.0
            held = torch.full((int(np.prod(shape)),), start, dtype=torch.float64)
            self.register_buffer(f"held_{name}", held)
        self.register_buffer("weights", torch.ones(scores, dtype=torch.float64))

    def _held(self, name: str) -> Tensor:
        held: Tensor = getattr(self, f"held_{name}")
        return held.view(self.shapes[name])

    @property
    def edges(self) -> Tensor:
        """(secrets, grades - 1), ascending, padded with `BEYOND`."""
        return self._held("edges")

    @property
    def means(self) -> Tensor:
        """(secret cells, scores)."""
        return self._held("means")

    @property
    def spreads(self) -> Tensor:
        """(secret cells, scores)."""
        return self._held("spreads")

    @property
    def words(self) -> Tensor:
        """(K, scores)."""
        return self._held("words")

    @property
    def tables(self) -> Tensor:
        """(limits, cells, K)."""
        return self._held("tables")

    @property
    def says(self) -> Tensor:
        """(K, scores) of 0 and 1."""
        return self._held("says")

    def group_of(self, scores: Tensor) -> Tensor:
        """int64 (B,): the device's own guess at the secrets, in grades."""
        found = torch.zeros(len(scores), dtype=torch.int64, device=scores.device)
        for row, column in enumerate(self.secrets):
            found = found * self.grades + (scores[:, column, None] > self.edges[row]).sum(1)
        return found

    def standardised(self, scores: Tensor) -> Tensor:
        """Scores (B, scores) less what people of the same grade have, in units of their spread, times
        the weights."""
        group = self.group_of(scores)
        return (scores - self.means[group]) / self.spreads[group] * self.weights

    def cell_of(self, x: Tensor, scores: Tensor, precise: Callable[[Tensor], Tensor]) -> Tensor:
        """Cells (B,), code word and grade, of photographs with these scores: the same on every
        machine, since what lies near a border is decided in double precision."""
        scores = scores.double()
        word, margin = self._nearest(scores)
        beside = (scores[:, self.secrets, None] - self.edges).abs() < NEAR
        near = (margin < NEAR) | beside.flatten(1).any(1)
        if near.any():
            scores = scores.clone()
            scores[near] = precise(x[near]).double()
            word, _ = self._nearest(scores)
        return word * self.groups + self.group_of(scores)

    def _nearest(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        distance = torch.cdist(self.standardised(scores), self.words)
        if len(self.words) < 2:
            return distance.argmin(1), torch.full_like(distance[:, 0], torch.inf)
        two = distance.topk(2, largest=False)
        return two.indices[:, 0], two.values[:, 1] - two.values[:, 0]

    def at(self, limit: float) -> Tensor:
        """(cells, K): the table of a limit (`mixed`)."""
        return mixed(self.tables, self.limits, limit)

    def answered(self, z: Tensor, columns: Sequence[int]) -> Tensor:
        """Logits (B, columns) of +-1 of releases (B, K)."""
        return 2 * (z @ self.says[:, list(columns)].to(z)) - 1

    def learn(
        self, scores: np.ndarray, labels: np.ndarray, identities: np.ndarray, seed: int
    ) -> None:
        """Find code words and tables from scores and labels (n, scores) of photographs of
        `identities` (n,)."""
        from sklearn.cluster import KMeans

        self.edges.fill_(BEYOND)
        for row, column in enumerate(self.secrets):
            found = edges(scores[:, column], labels[:, column], self.grades)
            self.edges[row, : len(found)] = torch.from_numpy(found)
        given = torch.from_numpy(scores.astype(np.float64)).to(self.words.device)
        group = self.group_of(given).cpu().numpy()
        for number in range(self.groups):
            mine = scores[group == number] if (group == number).any() else scores
            self.means[number] = torch.from_numpy(mine.mean(0).astype(np.float64))
            spread = np.maximum(mine.std(0), LEAST_SPREAD).astype(np.float64)
            self.spreads[number] = torch.from_numpy(spread)
        self.weights.copy_(torch.from_numpy(_worth_knowing(scores, labels, self.secrets)))
        points = self.standardised(given).cpu().numpy()
        count = min(len(self.words), len(np.unique(points, axis=0)))  # few photographs, few words
        centres = KMeans(count, n_init=1, random_state=seed).fit(points).cluster_centers_
        self.words.fill_(BEYOND)
        self.words[:count] = torch.from_numpy(centres.astype(np.float64))
        cell = self.cell_of(given, given, lambda near: near).cpu().numpy()
        self._solve(cell, labels, identities)

    def _solve(self, cell: np.ndarray, labels: np.ndarray, identities: np.ndarray) -> None:
        places = histograms.one_hot(cell, len(self.words) * self.groups)
        hidden = []
        for column in self.secrets:
            groups = histograms.of_people(places, identities, labels[:, column])
            hidden.append(groups.having.mean(0) - groups.without.mean(0))
        weights = self.weights.cpu().numpy()
        worth = np.zeros((places.shape[1], len(self.words)))
        says = np.zeros((len(self.words), labels.shape[1]))
        for column in np.flatnonzero(weights).tolist():
            with_it, without = (places[labels[:, column] == v].mean(0) for v in (1, 0))
            merged = (p.reshape(len(self.words), -1).sum(1) for p in (with_it, without))
            says[:, column] = np.greater(*merged)
            share = weights[column] / weights.sum() / 2
            worth += share * np.where(says[:, column] == 1, with_it[:, None], without[:, None])
        self.says.copy_(torch.from_numpy(says))
        for number, limit in enumerate(self.limits):
            table = program.solve(worth, hidden, [limit] * len(hidden))
            self.tables[number] = torch.from_numpy(table)


def _worth_knowing(scores: np.ndarray, labels: np.ndarray, secrets: Sequence[int]) -> np.ndarray:
    """(scores,): by how much each tells its attribute better than guessing; 0 for secrets."""
    found = np.zeros(scores.shape[1])
    for column in range(scores.shape[1]):
        told = auc(labels[:, column], scores[:, column])
        if column not in secrets and np.isfinite(told):
            found[column] = max(0.0, 2 * told - 1)
    return found
