"""Charts and tables as every page shows them: with something to take away under each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.storage.csv_export import as_csv

# Plotly draws the pictures itself, from the chart in the reader's browser: its camera button is
# pressed for each of the two formats. No second renderer on the server, no chart leaves the machine.
PICTURES = """
export default function ({ parentElement, data }) {
  for (const button of parentElement.querySelectorAll("button")) {
    const format = button.dataset.format;
    button.setAttribute("aria-label", `${format.toUpperCase()} picture of: ${data.alt}`);
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
      const camera = chart && chart.querySelector(".modebar-btn");
      if (!camera) return;
      const { width, height } = chart.getBoundingClientRect();
      chart._context.toImageButtonOptions = { format, filename: data.file, width, height, scale: 2 };
      camera.dispatchEvent(new MouseEvent("click", { bubbles: false }));
    };
  }
}
"""
BUTTONS = """
<div class="row"><button data-format="png">PNG</button><button data-format="svg">SVG</button></div>
"""
LOOK = """
.row { display: flex; gap: 0.25rem; }
button {
  font: inherit; font-size: 0.875rem; color: inherit; opacity: 0.8; background: none; border: none;
  border-radius: var(--st-base-radius, 6px); padding: 0.25rem 0.5rem; min-height: 2rem; cursor: pointer;
}
button:hover { color: var(--st-primary-color); opacity: 1; }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
"""
CONFIG = {
    "displayModeBar": "hover",
    "modeBarButtons": [["toImage"]],
    "displaylogo": False,
    "scrollZoom": False,
}


def verdict(sentence: str) -> None:
    """The sentence that answers a page's question; no number loses its sign at the end of a line."""
    st.markdown(f"## {sentence.replace(' %', UNBROKEN_PERCENT)}", anchors=False)


UNBROKEN_PERCENT = "\N{NO-BREAK SPACE}%"


@st.cache_resource
def _pictures() -> Callable[..., Any]:
    """The two buttons under a chart; registered once per process."""
    return st.components.v2.component("penumbra_pictures", html=BUTTONS, css=LOOK, js=PICTURES)


def chart(
    figure: go.Figure,
    name: str,
    numbers: pd.DataFrame | Callable[[], pd.DataFrame],
    alt: str,
    key: str | None = None,
    note: str = "",
    config: dict[str, Any] = CONFIG,
    **options: Any,
) -> Any:
    """A chart with what can be taken from it: its numbers as CSV, itself as PNG and SVG.

    name     of the files, without ending; "penumbra-" is put before it
    numbers  what is drawn; a function is called when somebody asks for the file
    alt      what the chart says, for those who do not see it
    note     one line beside the buttons
    config   Plotly's; its first button has to be the camera
    options  of `st.plotly_chart`; what that returns is returned
    """
    key = key or f"chart_{name}"
    said = st.plotly_chart(figure, key=key, config=config, alt=alt, **options)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if note:
            st.caption(note)
        csv(numbers, name, key)
        _pictures()(
            key=f"{key}_pictures", width="content",
            data={"chart": key, "file": f"penumbra-{name}", "alt": alt},
        )  # fmt: skip
    return said


@contextmanager
def charts_fetched() -> Iterator[None]:
    """Around what takes long at a session's first page: shows a chart of nothing meanwhile, so that
    the browser fetches the code that draws charts while the server reads (it would ask for it only
    with the first chart, and then wait another second or two)."""
    if st.session_state.get("charts_fetched"):
        yield
        return
    st.session_state["charts_fetched"] = True
    place = st.sidebar.empty()
    place.plotly_chart(
        NOTHING, key="nothing", height=10, config={"staticPlot": True}, alt="loading"
    )
    yield
    place.empty()


NOTHING = {
    "data": [{"type": "scatter", "x": [0], "y": [0], "opacity": 0}],
    "layout": {"height": 10, "xaxis": {"visible": False}, "yaxis": {"visible": False}},
}


def table(
    frame: pd.DataFrame,
    name: str,
    alt: str,
    numbers: pd.DataFrame | Callable[[], pd.DataFrame] | None = None,
    **options: Any,
) -> Any:
    """A table with its CSV; `numbers` where the file is to hold more than what is shown."""
    said = st.dataframe(frame, hide_index=True, alt=alt, **options)
    csv(frame if numbers is None else numbers, name, f"table_{name}")
    return said


def csv(
    numbers: pd.DataFrame | Callable[[], pd.DataFrame],
    name: str,
    key: str,
    label: str = "Numbers (CSV)",
) -> None:
    """A button that hands out a table; made when it is pressed."""

    def written() -> bytes:
        return as_csv(numbers() if callable(numbers) else numbers)

    st.download_button(
        label, written, f"penumbra-{name}.csv", "text/csv", key=f"{key}_csv",
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip
