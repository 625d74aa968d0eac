"""The strict protocol beside the papers' own."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.cache import loaders
from app.charts import plot
from app.charts.palette import LIGHT
from app.page import show, states, tables, wording
from app.settings.views import View


def shown(view: View) -> None:
    strict = loaders.settings(view._replace(protocol="strict"))
    paper = loaders.settings(view._replace(protocol="paper"))
    pairs = tables.protocol_pairs(strict, paper)
    if pairs.empty:
        st.write("No setting was measured under both protocols for this choice.")
        return
    worst = pairs.loc[pairs["gone"].idxmax()]
    st.write(
        f"Asked as the paper asks, the attacker is right in {wording.percent(worst['paper'])} of cases at "
        f"{worst['label']}; the strict protocol's strongest attacker in {wording.percent(worst['strict'])}."
    )
    alt = "The attack's success under both protocols"
    show.chart(figure(pairs, states.colours()), "protocols", pairs, alt)
    st.caption(wording.PROTOCOL_HELP)
    st.caption(
        "Figures published in the papers are plain accuracies on other photographs. They share "
        "neither measure nor data with this chart and are therefore not drawn into it; they stand "
        "under “What the paper reports”."
    )


def figure(pairs: pd.DataFrame, colour: plot.Colours = LIGHT) -> go.Figure:
    """The attack's value under both protocols, one row per setting.

    pairs  columns label, strict, paper (shares), chance
    """
    joint = {"line": {"color": colour["quiet"], "width": 1.5}, "hoverinfo": "skip"}
    data = [
        plot.scatter("lines", [row.paper * 100, row.strict * 100], [row.label] * 2, **joint)
        | {"showlegend": False}
        for row in pairs.itertuples()
    ]
    for name, title, symbol, tint in (
        ("paper", "as in the paper", "circle-open", colour["teal"]),
        ("strict", "strict", "circle", colour["brick"]),
    ):
        look = {"name": title, "marker": plot.marker(tint, 12, symbol, 2)}
        says = f"%{{y}}: %{{x:.1f}} %<extra>{title}</extra>"
        shares = pairs[name] * 100
        data.append(plot.scatter("markers", shares, pairs["label"], hovertemplate=says, **look))
    across = plot.axis(colour, "right guesses of the attacker", ticksuffix=" %")
    return plot.figure(data, across, plot.bare(), 120 + 34 * len(pairs), legend=plot.LEGEND)
