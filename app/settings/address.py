"""The page's address holds what is being looked at, so that a link shows another person the same.

Every picker has a key. Its value lives in the session under that key, survives a change of page,
and stands in the address under the same key wherever it differs from the default. What a link asks
for is checked against what there is; anything else becomes a note, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.page import wording

KEPT = "kept"  # session key of the values of all pickers, also of those not on this page
LONGEST = 60  # characters of a stranger's text that a note repeats


def token(value: Any) -> str:
    """A value as it stands in the address."""
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def restore(key: str, options: Mapping[str, Any], default: Any) -> str | None:
    """Make sure that the session holds one of `options` (token -> value) under `key`: what it held
    already, else what the address asks for, else the default. Returns what was asked for in vain."""
    refused = None
    if (held := kept(key)) is not None:
        known = held in options.values()
        value, refused = (held, None) if known else (default, token(held))
    else:
        asked = st.query_params.get(key)
        value = options.get(asked, default)
        refused = asked if asked is not None and asked not in options else None
    st.session_state[key] = value
    return refused


def restore_number(key: str, low: float, high: float) -> str | None:
    """The same for a number that may be missing (None)."""
    if _seen(key):
        st.session_state[key] = kept(key)
        return None
    st.session_state[key] = None
    asked = st.query_params.get(key)
    if asked is None:
        return None
    try:
        value = float(asked)
    except ValueError:
        return asked
    if not (wording.known(value) and low <= value <= high):
        return asked
    st.session_state[key] = value
    return None


def restore_several(key: str, options: Sequence[str] | None, default: Sequence[str]) -> list[str]:
    """The same for a list of texts, comma-joined in the address; `options` None allows any text.
    Returns those asked for in vain by a link; what another choice took away goes silently, and the
    default takes its place where nothing is left."""
    linked = not _seen(key)
    wanted = kept(key)
    if linked:
        asked = st.query_params.get(key, ",".join(default))[:1000]
        wanted = [value for value in asked.split(",") if value]
    known = [value for value in wanted if options is None or value in options]
    if wanted and not known and not linked:
        known = list(default)
    st.session_state[key] = known
    return [value for value in wanted if value not in known] if linked else []


def held_number(key: str, default: float) -> float:
    """The number that the session, or else the address, asks for under `key`; measured or not."""
    held = kept(key)
    if held is None:
        try:
            held = float(st.query_params.get(key, default))
        except ValueError:
            return default
    return held if wording.known(held) else default


def held(key: str) -> Any:
    """What the session or, before any picker was drawn, the address holds under `key`; unchecked."""
    found = kept(key)
    return st.query_params.get(key) if found is None else found


def kept(key: str) -> Any:
    """What the session holds: the widget's own value, or the copy that outlives the widget. (A
    widget's value goes when a page without it is shown, or one with it under another page.)"""
    return st.session_state.get(key, st.session_state.get(KEPT, {}).get(key))


def _seen(key: str) -> bool:
    return key in st.session_state or key in st.session_state.get(KEPT, {})


def publish(key: str, value: Any, default: Any) -> None:
    """Keep a value for the other pages; write it into the address, or take it out where it is the
    default."""
    st.session_state.setdefault(KEPT, {})[key] = value
    text = None if value == default or value is None else token(value)
    if text is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != text:
        st.query_params[key] = text


def refusal(label: str, refused: str, shown: str) -> str:
    """The note about a value that is not there."""
    return f"{label}: “{refused[:LONGEST]}” is not available here; showing {shown}."
