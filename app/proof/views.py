"""What the page Proof shows."""

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.page import show, states
from app.proof import answers, listing, words
from app.proof.counted import Counted
from app.settings import mixtures, points, proofs
from app.settings.looking import Looking
from core.errors import PenumbraError

FACE = 112  # pixels


def between(here: Looking, row: points.Row) -> list[proofs.Bound]:
    """The bounds of a mixture: of one release, and of anything, the weighted means of the two
    settings'; of more releases none."""
    by_key = {other["key"]: other for other in here.rows}
    ends = [by_key[key] for key in row["between"]]
    weak, strong = (proofs.of_setting(loaders.of_run(end["run_id"]), end) for end in ends)
    return mixtures.bounds(row, ends, weak, strong)


def stated(row: points.Row, bounds: list[proofs.Bound], who: Counted) -> None:
    """What is proven, beside the assumptions."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What is proven", anchor=False)
        for bound in bounds:
            if bound.metric == proofs.BOUNDS["proven"]:
                st.markdown(words.one_release(bound))
        for text in (*words.more_releases(bounds, row), *words.of_anything(bounds)):
            st.markdown(text)
    with right:
        st.subheader("Under which assumptions", anchor=False)
        st.markdown("\n".join(f"- {text}" for text in words.assumptions(row, who)))


def faces(row: points.Row, elsewhere: str) -> None:
    """One face an answer, and how often each is given, at a measured setting; `elsewhere`: that another
    one is looked at, if so."""
    st.subheader("All that any attacker can draw", anchor=False)
    if elsewhere:
        st.caption(elsewhere)
    try:
        found = answers.checked(*loaders.explanation(points.where(row), "answers"))
    except PenumbraError as error:
        states.unexplained(row, "answers", "The answers", "about a minute", str(error))
        return
    st.markdown(answers.sentence(found))
    shown = answers.table(found)
    with st.container(horizontal=True, gap="small"):
        for number, face in enumerate(found.faces):
            if found.often[number] <= 0:
                continue
            says = answers.meaning(found, number)
            text = f"{says + ' · ' if says else ''}{100 * found.often[number]:.0f} % of people"
            name = f"Answer {number + 1}"
            show.picture(face, FACE, f"{name}, mean face. {text}", text, title=name, room=24)
    st.markdown("**How often each answer is given, in %**")
    names = [name for name in shown if name not in ("Answer", "Says")]
    alt = "How often each answer is given, to people with and without the secret"
    show.table(shown, "answers", alt, column_config=show.columns("%.1f", *names))
    st.caption(
        f"Counted on {found.people:,.0f} people on whose photographs attackers learn. The closer the columns of "
        "a secret are to each other, the less an answer tells of it."
    )


def all_proven(table: pd.DataFrame) -> None:
    columns = show.columns("%.1f", *listing.TITLES.values(), title="{}, at most %")
    show.table(table, "proven", "Every proven setting of this data set", column_config=columns)
    st.caption(listing.explained())
