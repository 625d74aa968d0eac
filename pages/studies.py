"""Studies: what will people be asked?"""

import streamlit as st

from app import access
from app.cache import loaders
from app.page import show, states
from app.study import form, listing, words
from core.errors import PenumbraError
from core.study import design, studies

st.title("What will people be asked?", anchor=False)
try:
    found = studies.list_studies()
except PenumbraError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
show.verdict(words.headline(found))
st.caption(access.how())
listing.listing()


def summary(asked: dict) -> None:
    """What the design comes to, and the button; or what is still missing."""
    try:
        checked = design.check(asked)
    except PenumbraError as error:
        st.info(f"Not ready: {error}.", icon=":material/edit:")
        return
    what, sure = words.promise(checked)
    st.markdown(f"**{what}** {sure}")
    if st.button("Make the study", type="primary", icon=":material/brush:"):
        try:
            studies.start_preparing(studies.create(checked))
        except PenumbraError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.rerun()
    st.caption("Nobody can take part before you have looked through it and opened it.")


with st.container(border=True):
    st.subheader("A new study", anchor=False)
    if loaders.findings().empty:
        states.nothing_trained(loaders.runs())
    elif (asked := form.form()) is not None:
        summary(asked)
states.damaged(loaders.problems())
loaders.settle()
