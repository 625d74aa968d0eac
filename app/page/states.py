"""What a page says when there is nothing, or something damaged, to show."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.charts import plot
from app.charts.palette import DARK, LIGHT
from app.settings import only_numbers, points
from core import jobs, results
from core.errors import PenumbraError
from core.methods import METHODS
from core.storage import explanations
from core.storage.whole_folders import is_done

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


def unexplained(row: Mapping[str, Any], name: str, what: str, lasts: str, problem: str) -> None:
    """Why `what` (in words, as a plural: "The maps") cannot be shown of a setting, and the button or
    the command that makes them. Called in a fragment.

    name     of the explanation
    lasts    how long it takes, in words
    problem  what was said when it was read
    """
    if only_numbers.instead(row, f"{what[0].lower()}{what[1:]}"):
        return
    place = points.where(row)
    with st.container(border=True):
        if is_done(explanations.place(place.folder, name, place.release_value)):
            st.header(f"{what} of this setting are damaged")
            st.write(problem)
            return
        st.header(f"{what} of this setting have not been computed")
        active = [job for job in jobs.list_jobs() if job["state"] in ("queued", "running")]
        if any(row["run_id"] in job["run_ids"] for job in active):
            st.write("They are being computed. Other work on this setting may come first.")
            st.button("Look again", icon=":material/refresh:")
            return
        st.write(f"It takes {lasts} on one processor core and does not block anything else.")
        start = {"on_click": _start, "args": (place.folder, name)}
        st.button("Compute them", type="primary", icon=":material/play_arrow:", **start)
        st.caption("Or from a terminal:")
        st.code(f"python -m core explain {row['run_id']} --only {name}", language=None)


def an_answer(method: str, what: str) -> None:
    """Of a method that sends one of a few answers there is no `what` ("map of places"): the way to what
    there is instead."""
    with st.container(border=True):
        st.header(f"An answer has no {what}")
        st.write(
            f"{METHODS[method].title} sends one of a few answers, so there is nothing in a release that could "
            "be looked at closer. The page Proof shows every answer there is, with all that can be drawn from it."
        )
        label = "See the answers"
        st.page_link("../pages/proof.py", label=label, icon=":material/verified:")


def _start(folder: Path, name: str) -> None:
    try:
        jobs.start([results.read_run(folder)], evaluate=False, explain=[name])
    except PenumbraError as error:
        st.toast(f"Nothing was started: {error}. Nothing of yours was changed.")


def tried(where: str, act: Callable[..., None], *arguments: Any) -> bool:
    """A callback: whether something went well; `failed` says there, at the next run, if not."""
    try:
        act(*arguments)
        return True
    except PenumbraError as error:
        st.session_state[where] = str(error)
        return False


def failed(where: str) -> None:
    if error := st.session_state.pop(where, None):
        st.error(error, icon=":material/error:")


def colours() -> plot.Colours:
    """Of charts on the reader's page."""
    return DARK if st.context.theme.type == "dark" else LIGHT
