"""Trainings and what came of them: progress, losses, stop, resume, delete."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.page import show, states
from app.training import losses, plans
from core import jobs
from core.shipping import removal

ACTIVE = ("queued", "running")
EVERY = 1.5  # seconds between looks at a running training
SHORT = 200  # characters of a message shown at once
ERROR = "train_error"  # session key
STATES = {  # state -> (word, badge colour, icon)
    "queued": ("waiting", "gray", ":material/schedule:"),
    "running": ("running", "orange", ":material/play_arrow:"),
    "finished": ("finished", "green", ":material/check:"),
    "stopped": ("stopped", "gray", ":material/pause:"),
    "failed": ("failed", "red", ":material/error:"),
}


def queue() -> None:
    """All jobs, newest first; redrawn by itself while one is active, so that the page never waits."""
    watched = any(job["state"] in ACTIVE for job in jobs.list_jobs())
    st.fragment(_jobs, run_every=EVERY if watched else None)(watched)


def _jobs(watched: bool) -> None:
    found = jobs.list_jobs()
    active = any(job["state"] in ACTIVE for job in found)
    if active != watched:
        st.rerun()  # start or end the watching
    states.failed(ERROR)
    if not found:
        st.caption(
            "No training has been started here yet. What you start appears here and goes on by itself."
        )
    for position, job in enumerate(found):
        _job(job, newest=position == 0)


def _job(job: dict[str, Any], newest: bool) -> None:
    word, colour, icon = STATES[job["state"]]
    share, text = plans.progress(job)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plans.job_title(job)}**", width="stretch")
            st.badge(word, color=colour, icon=icon)
        st.progress(share, text or word)
        if job["message"] and job["state"] != "finished":
            st.caption(job["message"][:SHORT] + ("…" if len(job["message"]) > SHORT else ""))
            if len(job["message"]) > SHORT:
                with st.expander("The whole message"):
                    st.text(job["message"])
        if job["losses"] and (newest or job["state"] in ACTIVE):
            log = job["losses"] if job["state"] in ACTIVE else _whole_log(job)
            figure = losses.figure(log, states.colours(), losses.MOST)
            alt, key = "Losses of the training, step by step", f"losses_{job['job_id']}"
            show.chart(figure, "losses", pd.DataFrame(log), alt, key)
        with st.container(horizontal=True):
            _buttons(job)


def _whole_log(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The losses of a job's last training from its first step on; `losses` are those of its end."""
    places = dict(zip(job["run_ids"], job["runs"], strict=False))
    run_id = job["run_id"] if job["run_id"] in places else next(iter(places), "")
    dataset = str(places.get(run_id, {}).get("dataset", ""))
    return loaders.training_log(dataset, run_id) or job["losses"]


def _buttons(job: dict[str, Any]) -> None:
    key = job["job_id"]
    if job["state"] in ACTIVE:
        help = "Saves where it is; it can be resumed."
        act = {"on_click": states.tried, "args": (ERROR, jobs.stop, key)}
        st.button("Stop", key=f"stop_{key}", icon=":material/stop:", help=help, **act)
        return
    if job["state"] != "finished":
        act = {"on_click": states.tried, "args": (ERROR, jobs.resume, key)}
        st.button("Resume", key=f"resume_{key}", icon=":material/play_arrow:", **act)
    else:
        label = "See it on the trade-off"
        st.page_link("../pages/trade_off.py", label=label, icon=":material/balance:")
    with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"ask_{key}"):
        st.markdown("**Remove this training from the list?**")
        mine = _deletable(job)
        count = f"{len(mine)} setting{'s' if len(mine) != 1 else ''}"
        too = bool(mine) and st.checkbox(
            f"Delete what it trained as well: {count} with all measurements", key=f"too_{key}"
        )
        st.caption(
            f"{count} will be gone for good; your photographs stay."
            if too
            else "What was trained and measured stays, and so do your photographs."
        )
        label = "Delete it all" if too else "Remove from list"
        act = {"on_click": states.tried, "args": (ERROR, _delete, key, mine if too else [])}
        st.button(label, key=f"delete_{key}", type="primary", **act)


def _deletable(job: dict[str, Any]) -> list[tuple[str, str]]:
    """(data set, run id) of a job's runs that are there and did not come with Penumbra."""
    root = Path(loaders.stamp()[0])
    pairs = zip(job["runs"], job["run_ids"], strict=False)
    folders = [root / str(run["dataset"]) / run_id for run, run_id in pairs]
    return [
        (folder.parent.name, folder.name)
        for folder in folders
        if folder.is_dir() and not removal.is_shipped(folder)
    ]


def _delete(job_id: str, trained: list[tuple[str, str]]) -> None:
    for dataset, run_id in trained:
        removal.remove(dataset, run_id)
    jobs.delete(job_id)


def trained() -> None:
    found = loaders.runs()
    if found.empty:
        st.caption("Nothing has been trained yet.")
        return
    records = found.to_dict("records")
    by_id = {f"{row['dataset']}/{row['run_id']}": row for row in records}
    show.table(plans.trained_table(records), "trained", "Every trained setting on this machine")
    titles = {name: f"{plans.run_title(row)} · {name}" for name, row in by_id.items()}
    more = {"placeholder": "Choose one of them", "format_func": titles.__getitem__}
    chosen = st.selectbox("Delete a setting", list(by_id), None, key="delete_run", **more)
    states.failed("delete_error")
    if chosen not in by_id:
        return
    row = by_id[chosen]
    shipped = removal.is_shipped(Path(row["folder"]))
    sure = st.checkbox(
        "It came with Penumbra. I know that charts lose it, and that only a training or a fresh copy "
        "brings it back."
        if shipped
        else "I know that it and all that was measured of it will be gone for good.",
        key=f"sure_{chosen}",
    )
    act = {"on_click": _remove, "args": (row["dataset"], row["run_id"], shipped)}
    st.button("Delete this setting", icon=":material/delete:", disabled=not sure, **act)


def _remove(dataset: str, run_id: str, shipped_too: bool) -> None:
    if states.tried("delete_error", removal.remove, dataset, run_id, shipped_too):
        st.session_state.pop("delete_run", None)
        st.toast("Deleted.", icon=":material/delete:")
