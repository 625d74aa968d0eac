"""Where a method here is another training than its paper describes, or settles what that leaves
open (`core.methods.Method.departures`)."""

import streamlit as st

from core.methods import METHODS

TITLE = "Where our training differs from the paper's"


def listed(method: str) -> None:
    st.markdown("\n".join(f"- {sentence}" for sentence in METHODS[method].departures))


def folded(method: str) -> None:
    """The same behind an expander; nothing of a method without a paper."""
    if METHODS[method].departures:
        with st.expander(TITLE):
            listed(method)
