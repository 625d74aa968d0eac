"""Would a bigger attacker know more? Learning curves and what they point to."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics.declare import Metric

AT_4X = Metric(
    "balanced_accuracy_at_4x",
    "with 4 times the photographs",
    "%",
    "Balanced accuracy to which the attacker's learning curve points, had it 4 times as many "
    "photographs.",
    chance=0.5,
)
AT_16X = Metric(
    "balanced_accuracy_at_16x",
    "with 16 times the photographs",
    "%",
    "The same with 16 times as many.",
    chance=0.5,
)

# Exponents c that are tried in error(n) = a + b n^-c; 1/2 is what statistical learning theory's
# worst case gives, 1 the best.
EXPONENTS = np.linspace(0.1, 1.5, 29)


def extrapolated(sizes: ArrayLike, errors: ArrayLike, ahead: ArrayLike) -> NDArray[np.float64]:
    """Errors at the sizes `ahead` (K,) by the power law a + b n^-c, with a, b >= 0, that fits the
    `errors` (…, S) at `sizes` (S,) best in least squares; (…, K). Source: Cortes et al., "Learning
    curves: asymptotic values and rate of convergence", NIPS 1993. Raises PenumbraError with fewer
    than three different sizes.
    """
    n, given = np.asarray(sizes, np.float64), np.asarray(errors, np.float64)
    if n.ndim != 1 or given.shape[-1:] != n.shape or len(np.unique(n)) < 3 or (n <= 0).any():
        raise PenumbraError(
            "a learning curve needs errors at three or more different sizes above 0"
        )
    scale = n.max()
    ratio, further = n / scale, np.asarray(ahead, np.float64) / scale
    level = given.mean(-1)
    best_loss = np.square(given - level[..., None]).sum(-1)  # b = 0: no change with n
    found = np.repeat(level[..., None], len(further), axis=-1)
    for exponent in EXPONENTS:
        falling = ratio**-exponent
        centred = falling - falling.mean()
        b = np.maximum(((given - level[..., None]) * centred).sum(-1) / np.square(centred).sum(), 0)
        a = level - b * falling.mean()
        # Where the asymptote would be negative, the best law with a = 0 instead.
        through = (given * falling).sum(-1) / np.square(falling).sum()
        b, a = np.where(a < 0, np.maximum(through, 0), b), np.maximum(a, 0)
        loss = np.square(given - a[..., None] - b[..., None] * falling).sum(-1)
        better = loss < best_loss - 1e-15
        best_loss = np.where(better, loss, best_loss)
        law = a[..., None] + b[..., None] * further**-exponent
        found = np.where(better[..., None], law, found)
    return found
