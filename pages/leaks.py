"""What else leaks: what can an attacker tell that nobody declared, and about whom?"""

import pandas as pd
import streamlit as st

from app.cache import photographs
from app.leakage import attributes, chart, views
from app.page import clicks, show, states
from app.settings import looking, pickers, points

MEANING = (
    "**Attacker**: the strongest of several, trained afterwards on other people's photographs and "
    "told each attribute there; chosen on photographs set aside for it, scored on people nobody "
    "trained on.  \n"
    "**Surprise**, by which the rows are sorted: how much such an attacker gains over guessing on "
    "an attribute that is neither what the service needs nor declared to be hidden, on average "
    "over the columns. Where the 95 % interval reaches down to guessing it counts as 0.  \n"
    "**In % of cases**: right answers when both answers count the same, so that always giving "
    "the commoner answer scores 50 %.  \n"
    "**Stays hidden**: not clearly told better than by guessing. An attacker with more photographs "
    "might still tell it."
)

here = looking.look("What else leaks?", protocol="strict")


def unprotected_grid() -> pd.DataFrame | None:
    """What leaks without protection; None where that was not measured."""
    if here.unprotected is None:
        return None
    values = points.knob_values(here.unprotected)
    bare = points.nearest(here.rows, here.unprotected["method"], values)
    return None if bare is None else photographs.grid(bare)


@st.fragment
def heat_map() -> None:
    clicks.follow()
    head, left, right = show.opening(5, 3)
    with left:
        row = looking.setting(here)
    with right:
        offered = attributes.choices(here.rows, row)
        help = "Settings that differ in one knob, from weak to strong, or all methods side by side."
        along = pickers.segmented("Columns", offered, "leak_columns", help)
    settings = attributes.columns(here.rows, row, along)
    table = photographs.grid(*settings)
    with head:
        show.verdict(*attributes.sentence(table, row, unprotected_grid()))
    headings = {setting["key"]: attributes.heading(setting, along) for setting in settings}
    order = attributes.ordered(table, row["key"])
    if order:
        show.chart(
            chart.heat_map(table, order, headings, row["key"], states.colours()),
            "leaks",
            lambda: attributes.numbers(table, headings, order),
            chart.alt(table, row["key"]),
            note="Right guesses of the strongest attacker, in %; guessing gives 50. ○ not clearly "
            "better than guessing, ? too weak an attack. Click a column to choose it.",
            **clicks.choosing("chart_leaks", here.rows),
        )
    if row["seeds"] > 1:
        st.caption(f"{row['seeds']:.0f} trainings were measured; the first one is shown here.")
    target = views.asked(here.view)
    for title, key, part in (
        ("For whom does protection fail?", "leak_groups_open", views.by_group),
        ("Who is protected least?", "leak_people_open", views.by_person),
        ("How many people have each attribute?", "leak_sizes_open", views.sizes),
    ):
        show.folded(title, key, views.guarded, part, row, target)


heat_map()
with st.expander("What the words mean"):
    st.markdown(MEANING)
looking.ended()
