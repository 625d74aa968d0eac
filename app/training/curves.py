"""Losses of a finished training, from its first step to its last."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.page import show, states
from app.training import losses, plans
from core.storage import training_log


def curves() -> None:
    """One of the finished trainings, and its whole log."""
    found = loaders.runs()
    finished = [row for row in found.to_dict("records") if row["state"] == "finished"]
    if not finished:
        st.caption("No training is finished yet.")
        return
    finished = [row for row in finished if training_log.exists(Path(row["folder"]))]
    if not finished:
        st.info(
            "The logs of these trainings were left out to save space, as of all that come with "
            "Penumbra. Train the same setting again with another seed to see its losses.",
            icon=":material/info:",
        )
        return
    by_id = {f"{row['dataset']}/{row['run_id']}": row for row in finished}
    titles = {name: f"{plans.run_title(row)} · {name}" for name, row in by_id.items()}
    more = {"placeholder": "Choose one of them", "format_func": titles.__getitem__}
    chosen = st.selectbox("Losses of", list(by_id), None, key="losses_of", **more)
    if chosen not in by_id:
        return
    row = by_id[chosen]
    log = loaders.training_log(row["dataset"], row["run_id"])
    if not log:  # damaged, or gone since
        st.info("The log of this training cannot be read.", icon=":material/info:")
        return
    figure = losses.figure(log, states.colours(), losses.MOST)
    alt = f"Losses of {plans.run_title(row)}, from the first step to the last"
    show.chart(figure, f"losses-{row['run_id']}", pd.DataFrame(log), alt, "losses_whole")
    st.caption(losses.told(log))
