"""Where the label of a chart's chosen point covers no other point."""

from __future__ import annotations

from collections.abc import Sequence

# Pixels from the point to the middle of its label, right and up; the first is taken where all are
# equally free: curves rise to the right, so above and to the left there is most room.
NEAR = ((-90, 34), (90, 34), (-90, -34), (90, -34), (0, 52), (0, -52), (-130, 0), (130, 0))
OFFSETS = (*NEAR, (-120, 80), (120, 80), (-120, -80), (120, -80))
ROOM = 60  # pixels between a label's middle and a point that are enough


Pixels = tuple[float, float]


def label_offset(
    scenes: Sequence[tuple[Pixels, Sequence[Pixels], float]], height: float
) -> tuple[int, int]:
    """The offset (right, up), in pixels, that leaves the label most room at every width it may be
    seen at.

    scenes  (point, others, width of the chart), one for each width: the point and what is not to
            be covered, in pixels from the chart's lower left corner
    height  of the chart: the label stays inside
    """

    def room(offset: tuple[int, int]) -> float:
        return sum(_room(offset, *scene, height) for scene in scenes)

    return max(OFFSETS, key=room)


def _room(
    offset: tuple[int, int], point: Pixels, others: Sequence[Pixels], width: float, height: float
) -> float:
    x, y = point[0] + offset[0], point[1] + offset[1]
    if not (70 <= x <= width - 70 and 14 <= y <= height - 14):
        return -ROOM
    # a label is some four times as wide as it is high
    return min([ROOM, *(max(abs(x - a) / 2, abs(y - b) * 1.6) for a, b in others)])
