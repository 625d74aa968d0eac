"""A bound on the best of finitely many attackers that are known beforehand, by betting against each.

An attacker that answers "has the attribute" on a set S of answers is right, balanced, in
(1 + P1(S) - P0(S)) / 2 of cases: the mean of a quantity between 0 and 1 that each person has. A bet
against "the mean is at least m" pays 1 + stake (m - seen), fair or unfavourable wherever that is
true, so that its winnings exceed 1 / delta with a chance of at most delta (Ville's inequality;
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024,
section 4). The proof, and why all attackers may be given the whole delta, is in docs/certificates.md.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.certificates.histograms import Floats, Groups
from core.seeding import seed_of

MOST_ANSWERS = 12  # 2^12 attackers
MOST_BLOCKS = 1000
STAKE = 1.8  # at most; below 2, no bet against a mean of .5 or more can lose everything
TOLERANCE = 1e-5
_AT_ONCE = 512  # attackers bet against together: bounds the memory


def upper_bound(groups: Groups, delta: float) -> float:
    """What the balanced accuracy of every attacker who sees one answer lies below, with confidence
    1 - delta; at least .5. 1 where a group is empty."""
    having, without = len(groups.having), len(groups.without)
    if not having or not without or delta <= 0:
        return 1.0
    blocks = _blocks(min(having, without))
    means = [
        _block_means(rows, blocks, seed)
        for seed, rows in enumerate((groups.having, groups.without))
    ]
    found = 0.5
    for sets in _attackers(groups.having.shape[1]):
        right = (means[0] @ sets + 1 - means[1] @ sets) / 2
        found = _largest(right, np.log(1 / delta), found)
    return float(found)


def _blocks(smaller: int) -> int:
    """How many blocks the people are divided into: it follows from their number alone."""
    return smaller // (1 + smaller // MOST_BLOCKS)


def _block_means(rows: Floats, blocks: int, seed: int) -> Floats:
    """(blocks, K): means of people in an order drawn without looking at them."""
    order = np.random.default_rng(seed_of("certificate", seed)).permutation(len(rows))
    sizes = np.diff(np.linspace(0, len(rows), blocks + 1).round().astype(int))
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    return np.add.reduceat(rows[order], starts, axis=0) / sizes[:, None]


def _attackers(answers: int) -> Iterator[NDArray[np.float64]]:
    """Every set of answers as a column of 0 and 1, (K, s) at a time; without the empty one and the
    whole, who are right in half of the cases, balanced, whatever is true."""
    codes = np.arange(1, 2**answers - 1)
    for part in np.array_split(codes, max(1, len(codes) // _AT_ONCE)):
        yield ((part[None, :] >> np.arange(answers)[:, None]) & 1).astype(float)


def _largest(seen: Floats, needed: float, found: float) -> float:
    """The larger of `found` and the bound of the strongest attacker; `seen` (blocks, attackers)."""
    stakes = _stakes(seen, needed)

    def standing(level: float) -> NDArray[np.bool_]:
        """Whom the bets at `level` have not ruled out."""
        return np.asarray(np.log1p(stakes * (level - seen)).sum(0) < needed)

    left = standing(found)
    if not left.any():
        return found
    seen, stakes = seen[:, left], stakes[:, left]
    low, high = found, 1.0
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        left = standing(middle)
        if left.any():
            low, seen, stakes = middle, seen[:, left], stakes[:, left]
        else:
            high = middle
    return high


def _stakes(seen: Floats, needed: float) -> Floats:
    """(blocks, attackers): each from the blocks before it alone, about the best for their variance
    (Waudby-Smith and Ramdas, Eq. 26)."""
    count = np.arange(1, len(seen) + 1)[:, None]
    mean = (0.5 + np.cumsum(seen, 0)) / (count + 1)
    variance = (1 / 16 + np.cumsum((seen - mean) ** 2, 0)) / (count + 1)
    before = np.vstack((np.full((1, seen.shape[1]), 1 / 16), variance[:-1]))
    return np.minimum(np.sqrt(2 * needed / (len(seen) * before)), STAKE)
