"""Trade-off (home): how much protection can this service afford?"""

import streamlit as st

from app.cache import loaders
from app.noise import amounts
from app.page import clicks, show, states, tables, verdict
from app.proof import beside as proven
from app.settings import looking, mixtures, points
from app.trade_off import chart, details, figures, limits, protocols

here = looking.look("How much protection can this service afford?", strongest=False)
view, table = here.view, here.table
rows = points.records(table)


def repeated(row: points.Row) -> None:
    """What an attacker that gets several releases of one photograph finds out."""
    mine = loaders.of_run(row["run_id"])
    found = amounts.again(mine, row, view._replace(target=row["target"]))
    if found is not None:
        text = f":material/repeat: {found.sentence}"
        if found.worse:
            st.markdown(f":red[{text}]")
        else:
            st.caption(text)


@st.fragment
def trade_off() -> None:
    clicks.follow()
    head, left, right = show.opening(5, 4)
    with left:
        row = looking.mixed_setting(here)
    near = looking.measured(here, row)  # where findings of a mixture are asked for
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        allowed = limits.asked(view)
    outcome = verdict.verdict(row, here.unprotected, view)
    with head:
        show.verdict(outcome.sentence, outcome.detail, outcome.mark)
        repeated(near)
        proven.under_the_verdict(row, here)
    possible = loaders.possible(view)
    if allowed.attack is not None or allowed.loss is not None:
        limits.goal_seek(rows, row, allowed, view, possible)
    lines = points.lines(rows, points.knob_values(row), here.method)
    ends = allowed.attack, allowed.loss
    between = row if mixtures.is_mixture(row) else None
    figure = chart.trade_off(
        table, lines, row["key"], view, *ends, states.colours(), between, possible
    )
    show.chart(
        figure,
        "trade-off",
        lambda: tables.of_settings(table, view),
        f"Utility against privacy. {outcome.sentence}",
        key="trade_off_chart",
        note="Every point is a trained and attacked setting; click one to choose it. "
        f"Bars: 95 % intervals. {proven.note(rows, possible)}",
        **clicks.choosing("trade_off_chart", rows),
    )
    link = "See what the attacker recovers at this setting"
    st.page_link("../pages/reconstructions.py", label=link, icon=":material/face:")
    mine = loaders.of_run(near["run_id"])
    show.folded("All numbers of this setting", "numbers", details.numbers, mine, near)
    curve = details.curve_of(view, near)
    if not curve.empty:
        attribute = near["target"].partition(":")[2]
        title = "Would a bigger attacker know more?"
        show.folded(title, "curve", details.bigger_attacker, curve, attribute)
    show.folded("What the paper reports", "published", details.paper, view, near)
    title = "Any measure along a knob, for several attributes"
    show.folded(title, "along_figure", figures.along, here, near)
    if figures.ranked(here):
        title = "How deep in a list of names people stand, against the service"
        show.folded(title, "rank_figure", figures.against_service, here, near)


trade_off()
title = "All settings, and the table to take away"
show.folded(title, "settings", details.all_settings, here)
if view.target != "image":
    title = "Strict protocol beside the paper's own"
    show.folded(title, "protocols", protocols.shown, view)
looking.ended()
