"""Around the trade-off's points: guessing, the officer's limits, the chosen one's name."""

from collections.abc import Mapping, Sequence

import pandas as pd

from app.charts import plot
from app.charts.palette import faded
from app.charts.plot import Spec
from app.settings.points import Row, setting_label
from core.methods import METHODS

# Pixels of the plot on a laptop and on a phone, to place the label: what titles and a legend, in more
# rows on a phone, leave.
PLOTS = ((760, 260), (260, 105))
# pixels from the upper left corner to what marks the place to be, along its length
SIGN = ((20, 12), (60, 12), (100, 12), (140, 12))
# Pixels from the point to the middle of its label, right and up; the first is taken where all are
# equally free: curves rise to the right, so above and to the left there is most room.
NEAR = ((-90, 34), (90, 34), (-90, -34), (90, -34), (0, 52), (0, -52), (-130, 0), (130, 0))
ASIDE = ((-100, 44), (100, 44), (-100, -44), (100, -44))
OFFSETS = (*NEAR, *ASIDE, (-120, 80), (120, 80), (-120, -80), (120, -80))
ROOM = 60  # pixels between a label's middle and a point that are enough

Range = tuple[float, float]
Pixels = tuple[float, float]


def references(up: Range, colour: plot.Colours) -> list[Spec]:
    """Dotted lines where the attacker, and where the service, only guess."""
    lines = [plot.upright(0, plot.dotted(colour), layer="below")]
    if up[0] < 50 < up[1]:
        lines.append(plot.level(50, plot.dotted(colour), layer="below"))
    return lines


def signposts(colour: plot.Colours, left: str, limited: bool, bounded: bool = False) -> list[Spec]:
    """Words that say how to read the chart: where guessing is, where it is good to be; `bounded`:
    where that corner is shaded as impossible."""
    best = "◤ <b>better</b> · grey: impossible" if bounded else "◤ <b>the place to be</b>"
    good = "◤ <b>within your limits</b>" if limited else best
    place = {"yref": "paper", "xanchor": "left", "xshift": 5}
    return [
        plot.note(left, 0, 0, colour["quiet"], yanchor="bottom", **place),
        plot.note(good, 0, 1, colour["teal"], yanchor="top", yshift=-3, **place),
    ]


def limits(
    table: pd.DataFrame,
    across: Range,
    up: Range,
    scale: float,
    attack_limit: float | None,
    cost_limit: float | None,
    colour: plot.Colours,
) -> list[Spec]:
    """The shape that shades what fulfils the officer's limits."""
    if attack_limit is None and cost_limit is None:
        return []
    right, bottom = across[1], up[0]
    if attack_limit is not None:
        chance = table["chance"].astype(float).mean()
        right = attack_limit - (0.0 if pd.isna(chance) else chance)
    if cost_limit is not None and table["cost"].notna().any():
        reference = (table["utility"] + table["cost"]).dropna().iloc[0]
        bottom = (reference - cost_limit) * 100
    right = min(across[1], max(across[0], right))
    bottom = min(up[1], max(up[0], bottom))
    line = {"width": 1, "color": faded(colour["teal"], 0.5)}
    shape = plot.box(across[0] * scale, right * scale, bottom, up[1], line)
    return [shape | {"layer": "below", "fillcolor": faded(colour["teal"], 0.13)}]


def label(
    chosen: str,
    rows: Mapping[str, Row],
    across: Range,
    up: Range,
    scale: float,
    colour: plot.Colours,
) -> Spec:
    """The chosen setting in words, joined to its point by a thin line, where no point is
    covered."""

    def pixels(row: Row, size: Pixels) -> Pixels:
        return (
            (row["gain"] - across[0]) / (across[1] - across[0]) * size[0],
            (row["utility"] * 100 - up[0]) / (up[1] - up[0]) * size[1],
        )

    row = rows[chosen]
    rest = [other for key, other in rows.items() if key != chosen]
    scenes = [
        (
            pixels(row, size),
            [*(pixels(other, size) for other in rest), *((x, size[1] - y) for x, y in SIGN)],
            size,
        )
        for size in PLOTS
    ]
    name = setting_label(row) or METHODS[row["method"]].title
    place = float(row["gain"]) * scale, float(row["utility"]) * 100
    return plot.label(f"<b>{name}</b>", *place, label_offset(scenes), colour)


def label_offset(
    scenes: Sequence[tuple[Pixels, Sequence[Pixels], Pixels]],
) -> tuple[int, int]:
    """The offset (right, up), in pixels, that leaves the label most room at every size it may be
    seen at.

    scenes  (point, others, size of the plot), one for each size: the point and what is not to be
            covered, in pixels from the plot's lower left corner; the label stays inside
    """

    def room(offset: tuple[int, int]) -> float:
        return sum(_room(offset, *scene) for scene in scenes)

    return max(OFFSETS, key=room)


def _room(offset: tuple[int, int], point: Pixels, others: Sequence[Pixels], size: Pixels) -> float:
    x, y = point[0] + offset[0], point[1] + offset[1]
    if not (70 <= x <= size[0] - 70 and 14 <= y <= size[1] - 14):
        return -ROOM
    # a label is some four times as wide as it is high
    return min([ROOM, *(max(abs(x - a) / 2, abs(y - b) * 1.6) for a, b in others)])
