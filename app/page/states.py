"""What a page says when there is nothing, or something damaged, to show."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

FEW = 3


def damaged(problems: Sequence[str]) -> None:
    """Name what was left out, what it means and what to do; nothing when all is whole."""
    if not problems:
        return
    count = len(problems)
    folders = "1 folder is" if count == 1 else f"{count} folders are"
    title = f"{folders} damaged and left out. Everything else is shown; your photographs are not touched."
    with st.expander(title, icon=":material/warning:"):
        for problem in problems[:20]:
            st.text(problem)
        if count > 20:
            st.text(f"… and {count - 20} more")
        st.caption(
            "Next step: do what each line says, or train the setting again on the Train page."
        )


def nothing_trained(runs: pd.DataFrame) -> None:
    """The empty state of pages that show results, with the button to the next step."""
    with st.container(border=True):
        training = waiting = 0
        if len(runs):
            training = int((runs["state"] == "training").sum())
            waiting = int(((runs["state"] == "finished") & (runs["evaluated"] == 0)).sum())
        if training:
            st.header(f"{training} training{'s' if training > 1 else ''} not finished yet")
            st.write("The curve appears as soon as a setting has been trained and attacked.")
        elif waiting:
            st.header(f"{waiting} trained setting{'s' if waiting > 1 else ''} not attacked yet")
            st.write("Nobody has tried to break the trained settings. Attack them from a terminal:")
            names = " ".join(runs.loc[runs["state"] == "finished", "run_id"][:FEW])
            st.code(f"python -m core evaluate {names}", language=None)
        else:
            st.header("Nothing has been trained yet")
            st.write(
                "Penumbra shows measured numbers only. Train and attack a first setting; the "
                "compact preset takes minutes on two processor cores."
            )
        _offer_training()


def _offer_training() -> None:
    if st.button("Train and measure a setting", type="primary", icon=":material/tune:"):
        st.switch_page("../pages/train.py")


def nothing_measured(what: str) -> None:
    """The selection is possible, but no setting was measured for it."""
    with st.container(border=True):
        st.header("No setting was measured for this choice")
        st.write(what)
        _offer_training()


def dark() -> bool:
    """Whether the reader's page is dark."""
    return st.context.theme.type == "dark"
