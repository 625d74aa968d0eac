"""What stands about a proof beside numbers on other pages."""

import streamlit as st

from app.cache import loaders
from app.page import verdict, wording
from app.proof import words
from app.proof.counted import counted
from app.settings import looking, mixtures, points, proofs
from app.settings.looking import Looking
from app.trade_off.possible import Possible
from core.methods import METHODS
from core.metrics import certificates as metrics


def under_the_verdict(row: points.Row, here: Looking) -> None:
    """Of a proven setting its assumptions, with the way to the page that explains them; else the one
    line that says that nothing is proven."""
    if said := mixtures.said(row, here.rows):
        st.caption(said)
    near = looking.measured(here, row)
    bounds = proofs.of_setting(loaders.of_run(near["run_id"]), near)
    if not proofs.is_proven(row):
        st.caption(instead(here, bounds) or verdict.NOTHING_PROVEN)
        return
    with st.expander("Under which assumptions this is proven"):
        assumed = words.assumptions(row, counted(near, bounds))
        st.markdown("\n".join(f"- {text}" for text in assumed))
        label = "What is proven, and what would break it"
        st.page_link("../pages/proof.py", label=label, icon=":material/verified:")


def instead(here: Looking, bounds: list[proofs.Bound]) -> str:
    """What is proven of identity or the picture, which have no bound on the measure that is looked at, or
    beside the papers' protocol; "" where nothing is."""
    found = {bound.metric: bound for bound in bounds}
    if here.view.target == "identity" and (named := found.get(metrics.PROVEN_NAMED.name)):
        return (
            f"Proven, whoever attacks: of {named.people:,.0f} people, all as likely, no more than "
            f"{wording.percent(named.bound, 2)} are named from one release each. The page Proof says under "
            "which assumptions."
        )
    if here.view.target == "image" and METHODS[here.method].finite and bounds:
        return (
            "Proven: one answer leaves the device, so nobody can draw more faces than there are answers; "
            "the page Proof shows them."
        )
    if bounds and here.view.protocol != "strict":
        return "What is proven of this setting holds whoever is asked: the page Proof has it."
    return ""


def note(rows: points.Rows, possible: Possible | None) -> str:
    """What the chart's marks mean, where there are any."""
    parts = []
    if proofs.proven_rows(rows):
        parts.append(
            "Dotted: from what the strongest attacker reached to what no attacker exceeds."
        )
    if possible is not None:
        parts.append("Shaded grey: impossible on the people counted, whatever the method.")
    return " ".join(parts)
