"""Reconstructions: what would an attacker see?"""

import streamlit as st

from app.page import pictures, show, verdict, wording
from app.reconstructions import attackers, face_views, own_photograph
from app.settings import looking, pickers, points
from core.methods import METHODS
from core.metrics import of_pictures

WHOSE = {"test": "Test photographs", "own": "Your own photograph"}
ORDERS = {"mixed": "Mixed", "most": "Most recovered first", "least": "Least recovered first"}
SHOWN = 8  # pairs at a time

found_here = looking.look("What would an attacker see?", target="image", protocol="strict")
findings, view, _, method, unprotected, rows = found_here
mine = {row["run_id"] for row in rows if row["method"] == method}
among = attackers.measured(findings, mine)


def redrawer() -> str:
    """Whose pictures are shown: the strongest attacker's unless the reader picks another one."""
    if len(among) < 2:
        return attackers.STRONGEST
    return pickers.choose(
        "Redrawn by", [attackers.STRONGEST, *among], "redrawer", attackers.label,
        help="The strongest is the attacker that did best on photographs set aside for the choice.",
    )  # fmt: skip


def strips(row: dict) -> list[points.Line]:
    """The curves of the method's knobs through the chosen setting."""
    found = points.lines(rows, looking.values(row), method)
    return [line for line in found if line.method == method and line.knob]


def one_face(row: dict, found: dict, who: str) -> None:
    """One face under a handle, by every attacker, and along the knob."""
    st.subheader("One face, closely", anchor=False)
    faces = range(1, len(found["originals"]) + 1)
    face = pickers.choose("Face", faces, "face", lambda number: f"Face {number}", width=140) - 1
    left, right = st.columns([2, 5], gap="large")
    with left:
        face_views.compared(found, face)
    drawn, short = face_views.drawn_by(view.dataset, row, among, face)
    with right:
        face_views.verdict_of(found, face)
        if len(drawn) > 1:
            face_views.by_attacker(drawn, short, face)
    if lines := strips(row):
        st.markdown("**The same face, from weak to strong protection**")
        line = face_views.knob(lines)
        steps, missing = face_views.along(line, rows, row["key"], view.dataset, who, face)
        face_views.film(found["originals"][face], f"Face {face + 1}", steps)
        for text in missing:
            st.caption(f":material/warning: Left out at {text}")
    if len(drawn) > 1:
        with st.expander(
            "All measures of this face, by attacker", key="attackers", on_change="rerun"
        ) as fold:
            if fold.open:
                face_views.measures(drawn, face)


@st.fragment
def test_faces() -> None:
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        row = looking.setting(found_here)
        who = redrawer()
    found, problem, drawn_by = face_views.load(view.dataset, row, who)
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        how = pickers.choose("Faces", list(ORDERS), "faces", ORDERS.__getitem__)
        count = 0 if found is None else len(found["originals"])
        starts = list(range(1, count + 1, SHOWN))
        start = 1
        if len(starts) > 1:
            start = pickers.choose(
                "Shown", starts, "shown", lambda first: f"{first}–{min(count, first + SHOWN - 1)}", width=110
            )  # fmt: skip
    said = verdict.verdict(row, unprotected, view)
    with head:
        show.verdict(said.sentence)
        st.markdown(verdict.mark(said.exposure))
        best = who == attackers.STRONGEST if len(among) > 1 else None
        st.caption(attackers.sentence(drawn_by, f"{METHODS[method].title} releases", best))
    if found is None:
        st.warning(
            f"The pictures of this setting cannot be shown. {problem}", icon=":material/warning:"
        )
        return
    face_views.pairs(found, pictures.order(found["ms_ssim"], how)[start - 1 :][:SHOWN])
    uneven = attackers.range_sentence(found["ms_ssim"])
    st.markdown(f"{uneven} {attackers.recognised_sentence(findings, row, drawn_by)}")
    one_face(row, found, who)
    with st.expander("Most and least protected faces", key="extremes", on_change="rerun") as fold:
        if fold.open:
            face_views.extremes(found)


@st.fragment
def own_face() -> None:
    own_photograph.show(looking_at=found_here, lines_of=strips)


whose = pickers.choose("Whose faces", list(WHOSE), "whose", WHOSE.__getitem__, control="segmented")
if whose == "own":
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
