"""A small face beside the pointer while it is over a point of a chart.

Plotly says where the pointer is by its public events; the faces come with the page in one picture.
Whoever has no pointer gets the same faces by selecting points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

WIDTH = 96  # pixels of a face beside the pointer

FOLLOW = """
export default function ({ parentElement, data }) {
  const face = parentElement.querySelector(".face");
  const places = new Map(data.positions.map((position, index) => [position, index]));
  const tall = Math.ceil(data.positions.length / data.columns);
  face.style.backgroundImage = `url(${data.sheet})`;
  face.style.backgroundSize = `${data.columns * data.width}px ${tall * data.height}px`;
  face.style.width = `${data.width}px`;
  face.style.height = `${data.height}px`;
  const hide = () => { face.style.display = "none"; };
  const show = (event) => {
    const point = event.points && event.points[0];
    const index = point && places.get([].concat(point.customdata)[0]);
    if (index === undefined || !event.event) return hide();
    const left = (index % data.columns) * data.width;
    const top = Math.floor(index / data.columns) * data.height;
    face.style.backgroundPosition = `-${left}px -${top}px`;
    const { clientX, clientY } = event.event;
    const x = clientX + 18 + data.width > innerWidth ? clientX - 18 - data.width : clientX + 18;
    const y = clientY + 40 + data.height > innerHeight ? clientY - 40 - data.height : clientY + 40;
    face.style.transform = `translate(${Math.max(0, x)}px, ${Math.max(0, y)}px)`;
    face.dataset.position = String([].concat(point.customdata)[0]);
    face.style.display = "block";
  };
  const heard = [];
  const listen = () => {
    for (const name of data.charts) {
      const chart = document.querySelector(`.st-key-${name} .js-plotly-plot`);
      if (!chart || !chart.on || heard.includes(chart)) continue;
      chart.on("plotly_hover", show);
      chart.on("plotly_unhover", hide);
      chart.addEventListener("mouseleave", hide);
      heard.push(chart);
    }
  };
  // Streamlit draws charts when it likes, and anew when they change
  const watch = new MutationObserver(listen);
  watch.observe(document.body, { childList: true, subtree: true });
  listen();
  return () => {
    watch.disconnect();
    for (const chart of heard) {
      chart.removeListener && chart.removeListener("plotly_hover", show);
      chart.removeListener && chart.removeListener("plotly_unhover", hide);
      chart.removeEventListener("mouseleave", hide);
    }
    hide();
  };
}
"""
LOOK = """
.face {
  display: none; position: fixed; left: 0; top: 0; z-index: 1000; pointer-events: none;
  image-rendering: pixelated; border-radius: 6px; border: 2px solid var(--st-border-color, #888);
  background-color: var(--st-background-color, #fff);
}
"""


@st.cache_resource
def _follower() -> Callable[..., Any]:
    """Registered once per process."""
    return st.components.v2.component(
        "penumbra_thumbnails", html='<div class="face" aria-hidden="true"></div>', css=LOOK, js=FOLLOW
    )  # fmt: skip


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
    height = round(WIDTH * shape[0] / shape[1])
    _follower()(
        key="thumbnails", height="content", data={
            "charts": list(charts), "positions": list(positions), "sheet": sheet, "columns": columns,
            "width": WIDTH, "height": height,
        },
    )  # fmt: skip
