"""A small face beside the pointer while it is over a point of a chart.

Plotly says where the pointer is by its public events; the faces come with the page in one picture.
Whoever has no pointer gets the same faces by selecting points.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.page.components import component

WIDTH = 96  # pixels of a face beside the pointer


def follow(
    charts: Sequence[str],
    positions: Sequence[int],
    sheet: str,
    columns: int,
    shape: tuple[int, int],
) -> None:
    """Show faces over the charts with these keys.

    positions       custom data of the points, in the order of the faces
    sheet, columns  `app.cache.photographs.sprite`
    shape           height and width of a photograph
    """
    size = {"width": WIDTH, "height": round(WIDTH * shape[0] / shape[1])}
    faces = {"positions": list(positions), "sheet": sheet, "columns": columns}
    component("thumbnails")(
        key="thumbnails", height="content", data={"charts": list(charts)} | faces | size
    )
