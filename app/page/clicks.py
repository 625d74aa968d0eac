"""What a reader clicked on a chart, and how the page follows."""

from typing import Any

import streamlit as st

from app.settings import pickers, points


def selected(chart: str) -> list[Any]:
    """The custom data of the points that are selected on the chart with this key."""
    found = [point.get("customdata") for point in st.session_state[chart].selection["points"]]
    return [value[0] if isinstance(value, list) else value for value in found]


def choosing(chart: str, rows: points.Rows) -> dict[str, Any]:
    """Options of `show.chart`: a click on a point, its row's key, chooses that setting."""

    def choose_clicked() -> None:
        keys = selected(chart)
        for row in [row for row in rows if row["key"] in keys][:1]:
            choose(row)

    return {"on_select": choose_clicked, "selection_mode": "points"}


def choose(row: dict[str, Any]) -> None:
    """A callback: make a setting the chosen one; `follow` then takes the sidebar along."""
    pickers.select(row)
    st.session_state["clicked"] = True


def follow() -> None:
    """First in a fragment with such a chart: the sidebar has to follow, so the whole page runs."""
    if st.session_state.pop("clicked", False):
        st.rerun()
