"""The officer's limits: asked, kept for other pages, and the way to a setting within them."""

import streamlit as st

from app.page import clicks, wording
from app.settings import pickers, points
from app.settings.views import View
from app.trade_off import goal
from app.trade_off.goal import Limits
from app.trade_off.possible import Possible

ATTACK, LIKENESS, COST, CONFIDENT = "attack_limit", "likeness_limit", "cost_limit", "confident"


def asked(view: View) -> Limits:
    if view.target == "image":
        help = "The highest likeness (0 to 1) of a redrawn picture that you accept."
        attack = pickers.limit("Likeness at most", LIKENESS, 1.0, 0.05, help)
    else:
        help = "The highest share of right guesses that you accept. Settings that keep to it are shaded."
        attack = pickers.limit("Attack at most, %", ATTACK, 100.0, 1.0, help)
    unit = "points" if wording.in_percent(view.service) else "hundredths"
    help = (
        "The largest loss against no protection that you accept. What stands for no protection is "
        "named under the verdict."
    )
    cost = pickers.limit(f"Loss at most, {unit}", COST, 100.0, 0.5, help)
    help = (
        "The ends of the 95 % intervals have to keep your limits, too, not only what was measured. "
        "Each interval is that of one setting: the best of many looks a little better than it is."
    )
    return _limits(
        view, attack, cost, pickers.toggle("With 95 % confidence", CONFIDENT, True, help)
    )


def kept(view: View) -> Limits:
    """What was asked on the trade-off page, on another page."""
    attack = pickers.kept_number(LIKENESS if view.target == "image" else ATTACK, 100.0)
    cost = pickers.kept_number(COST, 100.0)
    return _limits(view, attack, cost, pickers.kept_flag(CONFIDENT, True))


def _limits(view: View, attack: float | None, cost: float | None, confident: bool) -> Limits:
    shares = (None if n is None else n / by for n, by in ((attack, view.scale), (cost, 100)))
    return Limits(*shares, confident)


def goal_seek(
    rows: points.Rows,
    row: points.Row,
    limits: Limits,
    view: View,
    possible: Possible | None = None,
) -> None:
    """Which of the settings `rows` keep the limits, measured and proven, and the way there from
    `row`; what is `possible` at all."""
    found = goal.seek(rows, limits)
    fine, said = goal.verdict(row, limits, view)
    with st.container(border=True, gap="small"):
        st.markdown(f"**{goal.sentence(found, limits, view, len(rows))}**")
        mark, colour = ("check", "green") if fine else ("close", "red")
        st.markdown(f":{colour}[:material/{mark}: {said}]")
        if beyond := goal.out_of_reach(possible, row, limits, view):
            st.markdown(f":material/block: {beyond}")
        proven = goal.with_proof(rows, limits, view)
        if proven.row is not None:
            st.markdown(f":material/verified: {proven.sentence}")
        elif proven.sentence:
            st.caption(proven.sentence)
        offers = found.kept[: goal.SHOWN] or ([found.nearest] if found.nearest else [])
        if proven.row is not None:
            offers = [proven.row, *(o for o in offers if o["key"] != proven.row["key"])]
        offers = [offer for offer in offers if offer["key"] != row["key"]]
        with st.container(horizontal=True):
            for place, offer in enumerate(offers):
                go = {
                    "icon": ":material/arrow_forward:",
                    "on_click": clicks.choose,
                    "args": (offer,),
                }
                st.button(f"Go to {points.name(offer)}", key=f"goal_{place}", **go)
        if len(found.kept) > 1:
            offered = proven.row is not None and proven.row["key"] != row["key"]
            first = "The proven one first, then in" if offered else "In"
            st.caption(f"{first} the order of what the service keeps.")
