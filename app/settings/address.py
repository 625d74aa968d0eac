"""The page's address holds what is being looked at, so that a link shows another person the same.

Every picker has a key. Its value lives in the session under that key, survives a change of page,
and stands in the address under the same key wherever it differs from the default. What a link asks
for is checked against what there is; anything else becomes a note, never an error.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.page import wording

KEPT = "kept"  # session key of the values of all pickers, also of those not on this page


def token(value: Any) -> str:
    """A value as it stands in the address."""
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def restore(key: str, options: Mapping[str, Any], default: Any) -> str | None:
    """Make sure that the session holds one of `options` (token -> value) under `key`: what it held
    already, else what the address asks for, else the default. Returns what was asked for in
    vain."""
    if (held := kept(key)) is not None:
        asked, value = token(held), held if held in options.values() else None
    else:
        asked = st.query_params.get(key)
        value = options.get(asked)
    st.session_state[key] = default if value is None else value
    return asked if value is None else None


def restore_number(key: str, low: float, high: float) -> str | None:
    """The same for a number that may be missing (None)."""
    asked = None if seen(key) else st.query_params.get(key)
    value = kept(key) if asked is None else _number(asked)
    fits = asked is None or (value is not None and low <= value <= high)
    st.session_state[key] = value if fits else None
    return None if fits else asked


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if wording.known(value) else None


def restore_several(key: str, options: Sequence[str] | None, default: Sequence[str]) -> list[str]:
    """The same for a list of texts, comma-joined in the address; `options` None allows any text.
    Returns those asked for in vain by a link; what another choice took away goes silently, and the
    default takes its place where nothing is left."""
    linked = not seen(key)
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
    found = kept(key)
    if found is None:
        found = _number(st.query_params.get(key, ""))
    return found if wording.known(found) else default


def held(key: str) -> Any:
    """What the session or, before any picker was drawn, the address holds under `key`;
    unchecked."""
    found = kept(key)
    return st.query_params.get(key) if found is None else found


def kept(key: str) -> Any:
    """What the session holds: the widget's own value, or the copy that outlives the widget. (A
    widget's value goes when a page without it is shown, or one with it under another page.)"""
    return st.session_state.get(key, st.session_state.get(KEPT, {}).get(key))


def seen(key: str) -> bool:
    """Whether the session holds a choice, so that the address is no longer asked."""
    return key in st.session_state or key in st.session_state.get(KEPT, {})


def publish(key: str, value: Any, default: Any) -> Any:
    """Keep a value for other pages, and in the address unless it is the default; returns it."""
    st.session_state.setdefault(KEPT, {})[key] = value
    text = None if value == default or value is None else token(value)
    if text is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != text:
        st.query_params[key] = text
    return value
