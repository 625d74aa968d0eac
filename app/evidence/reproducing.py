"""The Papers page's offer to make a table again: what it takes, what is there, and a button that puts
the rest into the queue of trainings."""

import shlex

import streamlit as st

from app.page import wording
from core import jobs, reproduce
from core.errors import PenumbraError
from core.published.tables import named


def offer(paper: str, place: str, dataset: str, preset: str) -> None:
    try:
        made = reproduce.plan(named(paper, place), dataset, preset)
    except PenumbraError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.write(promise(made))
    if made.table.words:
        st.caption(made.table.words)
    for line in reproduce.left_out(made):
        st.caption(line)
    label, help = "Train and attack what is missing", "What is there already is not done again."
    if made.to_do and st.button(label, icon=":material/play_arrow:", help=help, type="primary"):
        start(made)
        st.toast("Started. It goes on when you close this page.", icon=":material/check:")
    st.page_link("../pages/train.py", label="See how far trainings are", icon=":material/list:")
    st.caption("The same from a terminal, which prints the table as well:")
    words = reproduce.command(paper, place, dataset, preset)
    st.code(shlex.join(words), language=None, wrap_lines=True)


def start(made: reproduce.Plan) -> str:
    """Put what a plan lacks into the queue; returns the job's id."""
    steps = made.to_do
    measures = {step.run.id: step.measures for step in steps}
    runs, shown = [step.run for step in steps], list(made.table.shown)
    return jobs.start(runs, explain=shown, measures=measures)


def _there(done: int, wanted: int) -> str:
    if done == wanted:
        return "all here"
    return f"{done} here" if done else "none here yet"


def promise(made: reproduce.Plan) -> str:
    """What a table takes, what of it is there, and how long the rest may take, in sentences."""
    if not made.lacking:
        return "All of it is trained and attacked here."
    if made.refused:
        return f"What is missing cannot be made: {made.refused}."
    count = reproduce.summary(made)
    several = "s" * (count["trainings"] != 1)
    takes = (
        f"It takes {count['trainings']} training{several} by today's recipe "
        f"({_there(count['trained'], count['trainings'])}) and {count['measures']} attacks on what is "
        f"released ({_there(count['measured'], count['measures'])})."
    )
    if made.attacks is None:
        return f"{takes} Nothing of this size has been attacked here, so nobody can say how long it takes."
    if made.training is None:
        attacks = wording.duration(made.attacks)
        return (
            f"{takes} Nothing like it has been trained here, so nobody can say how long the trainings "
            f"take; the attacks may take {attacks}."
        )
    rest = wording.duration(made.training + made.attacks)
    return f"{takes} The rest may take {rest} on this machine."
