"""Reconstructions: what would an attacker see?"""

import streamlit as st

from app.page import pictures, show, verdict, wording
from app.reconstructions import attackers, face_views, own_decoder, own_photograph
from app.settings import looking, only_numbers, pickers, points
from core.methods import METHODS
from core.metrics import of_pictures

WHOSE = {"test": "Test photographs", "own": "Your own photograph"}
ORDERS = {"mixed": "Mixed", "most": "Most recovered first", "least": "Least recovered first"}
SHOWN = 8  # pairs at a time

here = looking.look("What would an attacker see?", target="image", protocol="strict")
mine = {row["run_id"] for row in here.rows if row["method"] == here.method}
among = attackers.measured(here.findings, mine)


def reconstructor() -> str:
    """Whose pictures are shown: the strongest attacker's unless the reader picks another one."""
    if len(among) < 2:
        return attackers.STRONGEST
    names = {name: attackers.label(name) for name in (attackers.STRONGEST, *among)}
    help = "The strongest is the attacker that did best on photographs set aside for the choice."
    return pickers.choose("Redrawn by", names, "redrawer", help=help)


def one_face(row: points.Row, found: face_views.Found, who: str) -> None:
    """One face under a handle, by every attacker, and along what was varied."""
    st.subheader("One face, closely", anchor=False)
    face = pickers.face(len(found["originals"]), 140)
    left, right = st.columns([2, 5], gap="large")
    with left:
        face_views.compared(found, face)
    drawn, short = face_views.drawn_by(row, among, face)
    with right:
        face_views.verdict_of(found, face)
        if len(drawn) > 1:
            face_views.by_attacker(drawn, short, face)
    if strips := looking.strips(here, row):
        place = st.container()
        strip = face_views.picked(strips)
        place.markdown(f"**The same face, {strip.heading}**")
        steps, missing = face_views.along(strip, row["key"], who, face)
        face_views.film(found["originals"][face], f"Face {face + 1}", steps)
        for text in missing:
            st.caption(f":material/warning: Left out at {text}")
    if len(drawn) > 1:
        title = "All measures of this face, by attacker"
        show.folded(title, "attackers", face_views.measures, drawn, face)


@st.fragment
def test_faces() -> None:
    head, left, right = show.opening(5, 3)
    with left:
        row = looking.setting(here)
        who = reconstructor()
    found, problem, drawn_by = face_views.load(row, who)
    if found is not None:
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            how = pickers.choose("Faces", ORDERS, "faces")
            start = pickers.shown(len(found["originals"]), SHOWN, "shown", 110)
    outcome = verdict.verdict(row, here.unprotected, here.view)
    with head:
        best = who == attackers.STRONGEST if len(among) > 1 else None
        by = attackers.sentence(drawn_by, f"{METHODS[here.method].title} releases", best)
        show.verdict(outcome.sentence, by if found else None, outcome.mark)
    if found is None:
        if only_numbers.instead(row, "the redrawn pictures"):
            return
        text = f"The pictures of this setting cannot be shown. {problem}"
        st.warning(text, icon=":material/warning:")
        return
    face_views.pairs(found, pictures.order(found["ms_ssim"], how)[start:][:SHOWN])
    uneven = attackers.range_sentence(found["ms_ssim"])
    st.markdown(f"{uneven} {attackers.recognised_sentence(here.findings, row, drawn_by)}")
    if read := attackers.read_sentence(here.findings, row):
        st.caption(read)
    own_decoder.view(here.findings, row, who)
    one_face(row, found, who)
    show.folded("Most and least protected faces", "extremes", face_views.extremes, found)


@st.fragment
def own_face() -> None:
    own_photograph.view(here)


if pickers.segmented("Whose faces", WHOSE, "whose") == "own":
    own_face()
else:
    test_faces()
with st.expander("What the words and numbers mean"):
    for metric in of_pictures():
        st.markdown(f"**{metric.title.capitalize()}**: {metric.says}")
    grades = "; ".join(f"{word} from {limit:g}" for limit, word in wording.LIKENESS)
    st.caption(
        "The test faces are photographs that neither the method nor the attacker was trained on. The "
        f"words under them follow the likeness in structure: {grades}; below that hardly anything."
    )
looking.ended()
