"""Train and sweep: how well would a new setting protect?"""

import streamlit as st

from app.cache import loaders
from app.page import show, states
from app.training import curves, own_folder, planning, training_queue
from core.errors import PenumbraError

st.title("How well would a new setting protect?", anchor=False)
head = st.container(gap="xsmall")
plan = None
try:
    plan = planning.choose_plan()
except PenumbraError as error:
    st.error(str(error), icon=":material/error:")
show.folded("Register your own photographs", "register", own_folder.register)
if plan is not None:
    try:
        planning.summary(plan, head)
    except PenumbraError as error:
        st.error(str(error), icon=":material/error:")
st.subheader("Trainings", anchor=False)
training_queue.queue()
show.folded("All trained settings", "trained", training_queue.trained)
show.folded("Losses of a finished training", "curves", curves.curves)
problems = loaders.runs()["problem"]
states.damaged([line for line in problems if isinstance(line, str)])
