"""What a page says where `core.explain` has not computed what it shows, or that is damaged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.settings import points
from core import jobs, results
from core.errors import PenumbraError
from core.storage import explanations
from core.storage.whole_folders import is_done


def missing(row: Mapping[str, Any], name: str, what: str, lasts: str, problem: str) -> None:
    """Why `what` (in words, as a plural: "The maps") cannot be shown of a setting, and the button or
    the command that makes them. Called in a fragment.

    name     of the explanation
    lasts    how long it takes, in words
    problem  what was said when it was read
    """
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


def _start(folder: Path, name: str) -> None:
    try:
        jobs.start([results.read_run(folder)], evaluate=False, explain=[name])
    except PenumbraError as error:
        st.toast(f"Nothing was started: {error}. Nothing of yours was changed.")
