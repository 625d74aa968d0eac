"""Trade-off (home): how much protection can this service afford?"""

import streamlit as st

from app.cache import loaders
from app.noise import repeated_releases
from app.page import clicks, show, states, tables, verdict, wording
from app.settings import looking as looking_at
from app.settings import pickers, points
from app.trade_off import chart, details, goal
from app.trade_off.goal import Limits

looking = looking_at.look("How much protection can this service afford?", strongest=False)
_, view, table, method, unprotected, offered = looking
rows = points.records(table)


def limit_inputs() -> Limits:
    """The officer's limits."""
    if view.target == "image":
        attack = pickers.limit(
            "Likeness at most", "likeness_limit", 1.0, 0.05,
            "The highest likeness (0 to 1) of a redrawn picture that you accept.",
        )  # fmt: skip
    else:
        attack = pickers.limit(
            "Attack at most, %", "attack_limit", 100.0, 1.0,
            "The highest share of right guesses that you accept. Settings that keep to it are shaded.",
        )  # fmt: skip
        attack = None if attack is None else attack / 100
    unit = "points" if wording.in_percent(view.service) else "hundredths"
    cost = pickers.limit(
        f"Loss at most, {unit}", "cost_limit", 100.0, 0.5,
        "The largest loss against no protection that you accept. What stands for no protection is "
        "named under the verdict.",
    )  # fmt: skip
    confident = pickers.toggle(
        "With 95 % confidence", "confident", True,
        "The ends of the 95 % intervals have to keep your limits, too, not only what was measured. "
        "Each interval is that of one setting: the best of many looks a little better than it is.",
    )  # fmt: skip
    return Limits(attack, None if cost is None else cost / 100, confident)


def goal_seek(row: dict, limits: Limits) -> None:
    """Which settings keep the limits, and the way there."""
    found = goal.seek(rows, limits)
    fine, said = goal.verdict(row, limits, view)
    with st.container(border=True, gap="small"):
        st.markdown(f"**{goal.sentence(found, limits, view, len(rows))}**")
        mark, colour = ("check", "green") if fine else ("close", "red")
        st.markdown(f":{colour}[:material/{mark}: {said}]")
        offers = found.kept[: goal.SHOWN] or ([found.nearest] if found.nearest else [])
        offers = [offer for offer in offers if offer["key"] != row["key"]]
        with st.container(horizontal=True):
            for place, offer in enumerate(offers):
                st.button(
                    f"Go to {goal.name(offer)}", key=f"goal_{place}", on_click=clicks.choose, args=(offer,),
                    icon=":material/arrow_forward:",
                )  # fmt: skip
        if len(found.kept) > 1:
            st.caption("In the order of what the service keeps.")


@st.fragment
def trade_off() -> None:
    """Verdict, knob and chart: redrawn alone when the knob moves."""
    clicks.follow()
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 4], gap="large", vertical_alignment="bottom")
    with left:
        row = looking_at.setting(looking)
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        limits = limit_inputs()
    said = verdict.verdict(row, unprotected, view)
    with head:
        show.verdict(said.sentence)
        st.markdown(verdict.mark(said.exposure))
        st.caption(said.detail)
        if repeated := repeated_releases.again(
            loaders.of_run(row["run_id"]), row, view._replace(target=row["target"])
        ):
            text = f":material/repeat: {repeated.sentence}"
            if repeated.worse:
                st.markdown(f":red[{text}]")
            else:
                st.caption(text)
    if limits.attack is not None or limits.loss is not None:
        goal_seek(row, limits)
    figure = chart.trade_off(
        table, points.lines(rows, looking_at.values(row), method), row["key"], view,
        limits.attack, limits.loss, states.dark(),
    )  # fmt: skip
    show.chart(
        figure, "trade-off", lambda: tables.of_settings(table, view), f"Utility against privacy. {said.sentence}",
        key="trade_off_chart", note="Every point is a trained and attacked setting; click one to choose it. "
        "Bars: 95 % intervals.", on_select=lambda: clicks.choose_clicked("trade_off_chart", rows), selection_mode="points",
    )  # fmt: skip
    st.page_link("../pages/reconstructions.py", icon=":material/face:",
                 label="See what the attacker recovers at this setting")  # fmt: skip
    with st.expander("All numbers of this setting", key="numbers", on_change="rerun") as folder:
        if folder.open:
            details.numbers(loaders.of_run(row["run_id"]), row)
    curve = details.curve_of(view, row)
    if not curve.empty:
        with st.expander(
            "Would a bigger attacker know more?", key="curve", on_change="rerun"
        ) as folder:
            if folder.open:
                details.bigger_attacker(curve, row["target"].partition(":")[2])
    with st.expander("What the paper reports", key="published", on_change="rerun") as folder:
        if folder.open:
            details.paper(view, row)


trade_off()
with st.expander(
    "All settings, and the table to take away", key="settings", on_change="rerun"
) as folder:
    if folder.open:
        details.all_settings(looking)
if view.target != "image":
    with st.expander(
        "Strict protocol beside the paper's own", key="protocols", on_change="rerun"
    ) as folder:
        if folder.open:
            details.protocols(view)
looking_at.ended()
