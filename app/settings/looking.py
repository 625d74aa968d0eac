"""What every page about results starts with: its question, what is being looked at, what is there."""

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.page import show, states, wording
from app.settings import mixtures, pickers, points, unprotected
from app.settings import strips as along
from app.settings.views import SERVICE, STRONGEST, View
from core.methods import METHODS


class Looking(NamedTuple):
    """What is being looked at.

    findings     all that was measured (shared by all sessions: not to be written to)
    view         data set, size, task, target, protocol
    table        one row per setting of the view (`app.settings.outcomes.settings`) with its `cost`
    method       whose knobs are moved
    unprotected  the row that stands for no protection (`app.settings.unprotected.reference`), or None
    rows         the table's rows as dicts, the chosen method's other variants left out
    """

    findings: pd.DataFrame
    view: View
    table: pd.DataFrame
    method: str
    unprotected: dict[str, Any] | None
    rows: list[dict[str, Any]]


def look(
    title: str, target: str | None = None, protocol: str | None = None, strongest: bool = True
) -> Looking:
    """Heading, sidebar, and the settings they pick; ends the page with its next step where there are
    none.

    target, protocol  what this page looks at whatever the sidebar says (which keeps its values)
    strongest         likewise the strongest attacker, and right guesses; only where others can be
                      compared with them does the sidebar's own choice count
    """
    st.title(title, anchor=False)
    with show.charts_fetched():
        findings = loaders.findings()
    if findings.empty:
        nothing_yet()
    asked = pickers.sidebar()
    view = asked._replace(target=target or asked.target, protocol=protocol or asked.protocol)
    if view.target != asked.target:  # who was picked attacks something else
        view = view._replace(attacker=STRONGEST)
    if strongest:
        if (view.attacker, view.service) != (STRONGEST, SERVICE):
            st.caption(
                "Here the strongest attacker and right guesses count, whatever the sidebar says."
            )
        view = view._replace(attacker=STRONGEST, service=SERVICE)
    table = loaders.settings(view)
    # methods measured for what the sidebar asks stay choosable: changing the page changes no choice
    measured = {*table["method"], *(loaders.settings(asked)["method"] if view != asked else ())}
    method = pickers.method(measured) if measured else ""
    if method not in set(table["method"]):
        states.nothing_measured(_missing(view, method))
        states.damaged(loaders.problems())
        st.stop()
    references = loaders.references(view)
    bare = unprotected.reference(references, method)
    table = unprotected.compared(table, bare, references)
    rows = pickers.variant(points.records(table), method)
    return Looking(findings, view, table, method, bare, rows)


def setting(here: Looking) -> dict[str, Any]:
    """The knobs' sliders, where this is called; the row of the chosen setting, the nearest that was
    measured: a sentence says so where the sliders stand between two."""
    chosen = pickers.knobs(here.rows, here.method)
    row = points.nearest(here.rows, here.method, chosen)
    assert row is not None
    if (knob := mixtures.knob_of(here.method)) and (
        other := mixtures.elsewhere(row, chosen[knob.name])
    ):
        st.caption(other)
    return row


def mixed_setting(here: Looking) -> dict[str, Any]:
    """The same with the row of a mixture where the sliders stand between two measured settings."""
    chosen = pickers.knobs(here.rows, here.method)
    row = mixtures.at(here.rows, here.method, chosen)
    assert row is not None
    return row


def measured(here: Looking, row: points.Row) -> points.Row:
    """The measured setting that stands for a row where its findings or pictures are asked for."""
    if not mixtures.is_mixture(row):
        return row
    return points.nearest(here.rows, here.method, points.knob_values(row)) or row


def curves(here: Looking, row: points.Row) -> list[points.Line]:
    """The curves of the method's knobs through a setting."""
    found = points.lines(here.rows, points.knob_values(row), here.method)
    return [line for line in found if line.method == here.method and line.knob]


def strips(here: Looking, row: points.Row) -> list[along.Strip]:
    """What a setting can be followed along, its method's other variants among them."""
    return along.strips(points.records(here.table), curves(here, row), row)


def nothing_yet() -> None:
    """Ends a page for which there are no findings."""
    states.damaged(loaders.problems())
    states.nothing_trained(loaders.runs())
    st.stop()


def ended() -> None:
    """The last line of a page: what was damaged and left out, and tidying up."""
    states.damaged(loaders.problems())
    loaders.settle()


def _missing(view: View, method: str) -> str:
    wanted = f"“{wording.target_label(view.target)}”"
    if method:
        released = f"what {METHODS[method].title} releases"
        said = f"Nobody has attacked {released} for {wanted} under this protocol."
        if view.target == "image":
            said = f"No attacker has redrawn pictures from {released}."
        return f"{said} Choose another method in the sidebar, or measure this one."
    return (
        f"No trained setting serves {wording.service(view.task)} and was attacked for {wanted} under "
        "this protocol. Choose another in the sidebar, or train one."
    )
