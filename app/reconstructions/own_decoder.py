"""The faces by the decoder that a method trained along with itself, as some papers show them, beside
those of an attacker that was trained afterwards."""

import pandas as pd
import streamlit as st

from app.reconstructions import attackers, face_views
from app.settings import points
from core import results
from core.methods import METHODS

EARLIER = (
    "This setting was trained by an earlier recipe, which left batch normalisation in a state that the "
    "decoder never saw while it learned: in part that is why it draws so badly."
)


def view(findings: pd.DataFrame, row: points.Row, who: str) -> None:
    """`who` redraws beside it: the strongest attacker where that is the decoder itself. Nothing where
    the method has no decoder."""
    own = attackers.own_decoder(findings, row)
    if own is None:
        return
    method = METHODS[row["method"]]
    shown = f"As the paper showed it ({method.own_pictures})"
    title = shown if method.own_pictures else "By the decoder inside the training"
    st.subheader(title, anchor=False)
    inside, problem, _ = face_views.load(row, own)
    fresh, missing, drawn_by = face_views.load(row, attackers.STRONGEST if who == own else who)
    if inside is None or fresh is None:
        st.caption(f":material/info: {problem or missing}")
        return
    st.markdown(attackers.beside_sentence(findings, row, own, drawn_by))
    if results.is_earlier(row["schedule"]):
        st.caption(EARLIER)
    face_views.triples(inside, fresh, "by the training's own decoder, by a fresh attacker")
