"""Proof: what can no attacker do?"""

import streamlit as st

from app.cache import loaders
from app.page import show
from app.proof import listing, views, words
from app.proof.counted import counted
from app.settings import looking, mixtures, points, proofs
from core.methods import METHODS

here = looking.look("What can no attacker do?", protocol="strict")
table = listing.certified(here.findings, here.view.dataset)


def nothing(row: points.Row) -> None:
    """The empty state: what would have a proof."""
    with st.container(border=True):
        title = METHODS[row["method"]].title
        other = (
            " What is proven on this data set stands below: choose its method in the sidebar."
            if len(table)
            else ""
        )
        st.header(f"Nothing is proven of {title}")
        st.write(f"{words.WOULD_HAVE}{other}")
        if not len(table):
            go = {"type": "primary", "icon": ":material/tune:"}
            if st.button("Train and measure a setting", **go):
                st.switch_page("../pages/train.py")


@st.fragment
def proof() -> None:
    head, left, _ = show.opening(5, 4)
    with left:
        row = looking.mixed_setting(here)
    near = looking.measured(here, row)
    bounds = proofs.of_setting(loaders.of_run(near["run_id"]), near)
    if not bounds:
        with head:
            show.verdict(words.sentence(row, []))
        nothing(row)
        return
    who = counted(near, bounds)
    if mixtures.is_mixture(row):
        bounds = views.between(here, row)
    with head:
        show.verdict(words.sentence(row, bounds), mixtures.said(row, here.rows) or None)
    views.stated(row, bounds, who)
    st.subheader("What would break it", anchor=False)
    st.markdown("\n".join(f"- {text}" for text in words.breakers(row)))
    if METHODS[row["method"]].finite:
        mixed = mixtures.is_mixture(row)
        views.faces(near, mixtures.elsewhere(near, row["release_value"]) if mixed else "")
    st.caption(words.checking(near, near["run_id"]))


proof()
if len(table):
    show.folded("All proven settings of this data set", "all_proven", views.all_proven, table)
looking.ended()
