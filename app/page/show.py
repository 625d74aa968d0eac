"""Charts and tables as every page shows them: with something to take away under each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.page import pictures
from app.page.components import component
from core.storage.csv_export import as_csv

CONFIG = {
    "displayModeBar": "hover",
    "modeBarButtons": [["toImage"]],
    "displaylogo": False,
    "scrollZoom": False,
}


UNBROKEN_PERCENT = "\N{NO-BREAK SPACE}%"


def opening(left: int, right: int) -> tuple[Any, Any, Any]:
    """The places at the top of a page: for its verdict, and below that those of `choices`."""
    return st.container(gap="xsmall"), *choices(left, right)


def choices(left: int, right: int) -> list[Any]:
    """Places for the knobs, on the left, and for other choices on the right."""
    return st.columns([left, right], gap="large", vertical_alignment="bottom")


def verdict(sentence: str, under: str | None = None, mark: str | None = None) -> None:
    """The answer to a page's question; no number loses its sign at the end of a line."""
    st.markdown(f"## {sentence.replace(' %', UNBROKEN_PERCENT)}", anchors=False)
    if mark is not None:
        st.markdown(mark)
    if under is not None:
        st.caption(under)


def folded(title: str, key: str, part: Callable[..., None], *arguments: Any) -> None:
    """A part of a page behind an expander: computed only while somebody has it open."""
    with st.expander(title, key=key, on_change="rerun") as folder:
        if folder.open:
            part(*arguments)


def picture(
    picture: np.ndarray,
    width: int,
    alt: str,
    text: str,
    help: str | None = None,
    room: int = 0,
    title: str = "",
) -> None:
    """One picture uint8 (H, W, 3), enlarged pixel by pixel to so many pixels of the page, between
    its title and its words; `room`: pixels that these may be wider."""
    with st.container(width=width + room, gap="xxsmall"):
        if title:
            st.markdown(f"**{title}**")
        large = pictures.png(pictures.enlarged(picture, width), width)
        st.image(large, width=width, output_format="PNG", alt=alt)
        st.caption(text, help=help)


def examples(faces: Sequence[np.ndarray], width: int, alt: str) -> None:
    """Small faces beside each other; `alt` with a place for each one's number."""
    with st.container(horizontal=True, gap="xxsmall"):
        for number, face in enumerate(faces, 1):
            st.image(face, width=width, output_format="PNG", alt=alt.format(number))


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
        files = {"chart": key, "file": f"penumbra-{name}", "alt": alt}
        # Plotly draws the pictures itself, in the reader's browser, where its camera button is pressed
        # for each format: no second renderer on the server, no chart leaves the machine.
        component("pictures")(key=f"{key}_pictures", width="content", data=files)
    return said


@contextmanager
def charts_fetched() -> Iterator[None]:
    """Around what takes long at a session's first page: a chart of nothing, so that the browser
    fetches the code that draws charts while the server reads."""
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

    download(label, written, f"{name}.csv", "text/csv", key=f"{key}_csv", type="tertiary")


def download(label: str, content: Any, name: str, kind: str, **options: Any) -> None:
    """A button that hands out a file; `content` may be a function that makes it then."""
    options |= {"icon": ":material/download:", "on_click": "ignore"}
    st.download_button(label, content, f"penumbra-{name}", kind, **options)


def columns(format: str, *names: str, title: str = "{}") -> dict[str, Any]:
    """How columns of numbers are shown in a table: `column_config` of `st.dataframe`."""
    number = st.column_config.NumberColumn
    return {name: number(title.format(name), format=format) for name in names}
