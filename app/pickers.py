"""Pickers that keep their value from page to page and stand in the URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import points, wording
from app.points import View
from core.methods import METHODS


def choose(
    label: str,
    options: Sequence[Any],
    key: str,
    show: Callable[[Any], str] = str,
    help: str | None = None,
    control: str = "selectbox",
    default: Any = None,
    notes: list[str] | None = None,
) -> Any:
    """One of `options`, kept in the URL as `key` and for the whole session.

    A value that a link or an earlier page asked for and that is not among the options falls back to
    the default, and a note says so: at once, or in `notes` for the page to show.
    """
    options = list(options)
    default = default if default in options else options[0]
    for text in _unknown(label, options, key, show, default):
        if notes is None:
            st.info(text, icon=":material/info:")
        else:
            notes.append(text)
    # the URL is read by Streamlit itself where there is no value in the session yet
    shared: dict[str, Any] = {
        "key": key, "format_func": show, "help": help, "bind": "query-params", "persist_state": "session",
    }  # fmt: skip
    if control == "segmented":
        return st.segmented_control(label, options, default=default, required=True, **shared)
    if control == "slider":
        if len(options) == 1:
            return options[0]
        return st.select_slider(label, options, value=default, **shared)
    return st.selectbox(label, options, index=options.index(default), **shared)


def _unknown(
    label: str, options: list[Any], key: str, show: Callable[[Any], str], default: Any
) -> Iterator[str]:
    """A sentence for each value that was asked for and is not there; the session forgets it."""
    if key in st.session_state and st.session_state[key] not in options:
        asked = _short(st.session_state.pop(key), show)
        yield f"{label}: “{asked}” is not available here; showing “{show(default)}”."
    wanted = st.query_params.get(key)
    if wanted is not None and key not in st.session_state and wanted not in map(show, options):
        yield (
            f"{label}: the link asks for “{wanted[:60]}”, which is not here; showing “{show(default)}”."
        )


def _short(value: Any, show: Callable[[Any], str]) -> str:
    try:
        return str(show(value))[:60]
    except (TypeError, ValueError, KeyError):
        return str(value)[:60]


def several(
    label: str,
    options: Sequence[str],
    key: str,
    show: Callable[[str], str],
    default: Sequence[str],
    help: str | None = None,
) -> list[str]:
    """Some of `options`, kept like the value of `choose`."""
    if key in st.session_state:  # an option may have gone with another choice
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
    return st.multiselect(
        label, list(options), [value for value in default if value in options], key=key,
        format_func=show, help=help, bind="query-params", persist_state="session",
    )  # fmt: skip


def sidebar(findings: pd.DataFrame) -> View:
    """What is being looked at: data set, task, private target, protocol."""
    notes: list[str] = []
    with st.sidebar:
        names = points.datasets(findings)
        dataset = choose(
            "Data set", names, "data", notes=notes, help="Whose photographs the figures were measured on."
        )  # fmt: skip
        found = points.presets(findings, dataset)
        preset = found[0]
        if len(found) > 1:
            preset = choose(
                "Size of the networks", found, "preset", str.capitalize, control="segmented", notes=notes,
                help="Compact networks train on a laptop; paper has the published widths.",
            )  # fmt: skip
        tasks = points.tasks(findings, dataset, preset)
        task = choose(
            "The service needs", tasks, "task", wording.unique_labels(tasks).__getitem__, notes=notes,
            help="What the service has to find out about a face: the higher, the more useful.",
        )  # fmt: skip
        found = points.targets(findings, dataset, preset)
        named = wording.unique_labels(found, wording.target_label)
        target = choose(
            "The attacker wants", found, "private", named.__getitem__, notes=notes,
            help="What should stay private and an attacker tries to learn all the same.",
        )  # fmt: skip
        protocol = choose(
            "Protocol", list(wording.PROTOCOLS), "protocol", wording.PROTOCOLS.__getitem__, notes=notes,
            control="segmented", help=wording.PROTOCOL_HELP,
        )  # fmt: skip
    for text in notes:
        st.info(text, icon=":material/info:")
    return View(dataset, preset, task, target, protocol)


def method(table: pd.DataFrame) -> str:
    """The method whose knob is moved: one with settings in `table`."""
    names = [name for name in METHODS if (table["method"] == name).any()]
    notes: list[str] = []
    with st.sidebar:
        chosen = choose(
            "Method", names, "method", lambda name: METHODS[name].title, notes=notes,
            help="Whose knob the slider moves. Every method stays on the chart.",
        )  # fmt: skip
    for text in notes:
        st.info(text, icon=":material/info:")
    return chosen


def knobs(table: pd.DataFrame, name: str) -> dict[str, float]:
    """One slider for each knob of the method that was measured at several values; each snaps to
    what was measured. Returns the chosen value of every knob."""
    chosen = points.defaults(table, name)
    for knob in points.knobs_of(name):
        key = slider_key(name, knob.name)
        if knob.name in chosen and wording.known(st.session_state.get(key)):
            chosen[knob.name] = st.session_state[key]
    row = points.nearest(table, name, chosen)
    if row is None:
        return {}
    chosen = {k: float(row[f"knob:{k}"]) for k in chosen}
    base = points.defaults(table, name)
    moving = [
        knob for knob in points.knobs_of(name)
        if table.loc[table["method"] == name, f"knob:{knob.name}"].nunique() > 1
    ]  # fmt: skip
    places = st.columns(len(moving), gap="medium", vertical_alignment="bottom") if moving else []
    for knob, place in zip(moving, places, strict=True):
        others = {k: v for k, v in chosen.items() if k != knob.name}
        values = points.values(table, name, knob, others)
        key = slider_key(name, knob.name)
        if len(values) > 1:
            if key in st.session_state and st.session_state[key] not in values:
                st.session_state[key] = chosen[knob.name]
            with place:
                chosen[knob.name] = choose(
                    f"{knob.symbol} · weak to strong protection", values, key, wording.number,
                    knob.help, "slider", base.get(knob.name),
                )  # fmt: skip
        else:
            rest = [k for k in moving if k.name != knob.name]
            fixed = " and ".join(f"{k.symbol} = {base[k.name]:g}" for k in rest)
            place.caption(
                f"{knob.symbol} = {chosen[knob.name]:g}. Other values were measured with {fixed} only."
            )
    return chosen


def slider_key(method: str, knob: str) -> str:
    """Key in the session and in the URL of a method's knob."""
    return f"{method}.{knob}"


def select(row: Any) -> None:
    """Make a setting the chosen one (before widgets are drawn, as in a callback)."""
    st.session_state["method"] = row["method"]
    for knob in points.knobs_of(row["method"]):
        value = row[f"knob:{knob.name}"]
        if wording.known(value):
            st.session_state[slider_key(row["method"], knob.name)] = float(value)
