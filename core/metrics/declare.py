"""What a metric says of itself: plain data, which pages read without loading torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.torch_types import Tensor


class Bound(NamedTuple):
    """A bound that may depend on chance: `times` chance plus `plus`."""

    times: float = 0.0
    plus: float = 0.0

    def at(self, chance: float) -> float:
        return self.times * chance + self.plus


class Control(NamedTuple):
    """What makes an attack conclusive, read off the weaker end of its interval.

    floor    on the photographs themselves it must know more than this
    ceiling  on a constant it must not know more than this: an interval misses by chance, too
    share    of what the best attacker gains over chance on the photographs, the least it must gain
    """

    floor: Bound
    ceiling: Bound
    share: float = 0.0


@dataclass(frozen=True)
class Metric:
    """The declaration of one metric.

    unit           "%" for a share, "points" for hundredths of one, "dB", or ""
    says           what it is, in a sentence, with what guessing scores where that is not obvious
    symbol         the field's abbreviation, or ""
    higher_means_more_known  False where a higher value is more private
    chance         what a guesser who sees nothing scores, where data do not change it; else None
    decides        the kind of target that attackers are judged by it on, or ""
    serves         whether a service may be measured by it
    control        what an attack must reach in the controls; None where it is not judged by this
    second_network whether a second face network measures it, too, as `<name>_<network>`
    of_counts      (tp, fn, tn, fp) -> value, elementwise, for metrics of yes/no decisions
    of_pictures    (first, second), float (n, C, H, W) in [0, 1] -> (n,), for those of two pictures
    """

    name: str
    title: str
    unit: str
    says: str
    symbol: str = ""
    higher_means_more_known: bool = True
    chance: float | None = None
    decides: str = ""
    serves: bool = False
    control: Control | None = None
    second_network: bool = False
    of_counts: Callable[[Any, Any, Any, Any], Any] | None = None
    of_pictures: Callable[[Tensor, Tensor], Tensor] | None = None

    def from_counts(self, tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
        """The value of a metric of decisions, elementwise; NaN where there is none."""
        assert self.of_counts is not None
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.of_counts(tp, fn, tn, fp)

    @property
    def scale(self) -> int:
        """What a value is multiplied by where it is shown in its unit."""
        return 100 if self.unit in ("%", "points") else 1
