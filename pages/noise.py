"""Noise: how much noise is enough?"""

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.noise import amounts, charts, views
from app.page import show, states, verdict
from app.reconstructions import face_views
from app.settings import looking, only_numbers
from core.methods import METHODS

here = looking.look("How much noise is enough?")
view = here.view
noisy = amounts.methods(here.table)
if not noisy:
    states.nothing_measured(
        "No method that adds noise when it releases was measured for this choice. Choose another task "
        "or target in the sidebar, or train and measure one, such as DPFE."
    )
    looking.ended()
    st.stop()


@st.fragment
def live() -> None:
    head = st.container(gap="xsmall")
    method, rows = views.method_and_rows(here, noisy)
    left, right = show.choices(5, 3)
    with left:
        amount, row = views.amount_and_row(method, rows)
    line = amounts.along(rows, row)
    runs = dict.fromkeys(entry["run_id"] for entry in line)
    findings = pd.concat([loaders.of_run(run_id) for run_id in runs])
    again = amounts.repeated(findings, line, view)
    found, problem, who = face_views.load(row)
    face = 0
    if not only_numbers.of(view.dataset):
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            face = views.face_and_draw(method, found)
    with head:
        sentence = amounts.sentence(row, line[0], line[-1], again.get(row["key"]), view)
        mark = verdict.mark(verdict.exposure(row)) if row["conclusive"] else None
        show.verdict(sentence, views.measured_at(row, amount), mark)
    faces, chart = st.columns([5, 6], gap="large")
    with faces:
        if not only_numbers.instead(row, "what is sent and what is redrawn from it"):
            if METHODS[method].preview is None:
                views.released(row, amount, amounts.amounts(rows, method)[-1], face)
            if found is None:
                st.caption(f"Nobody redrew pictures from this setting. {problem}")
            else:
                views.three_pictures(row, amount, face, found, who)
    ranked = amounts.ranks(findings, line)
    frame = amounts.frame(line, again, ranked, view)
    with chart:
        st.markdown("**Attacker and service over the amount**")
        figure = charts.curve(line, again, row["key"], amount, view, states.colours())
        alt = f"Attacker and service over {amounts.knob_of(method).symbol}. {sentence}"
        show.chart(figure, "noise", frame, alt, key="noise_curve")
        st.caption("Bars: 95 % intervals. Band: where the slider stands.")
    title = "Where in the list of names does the right one stand?"
    show.folded(title, "ranks", views.places, ranked, row)
    title = "The trade-off along this curve"
    show.folded(title, "noise_trade_off", views.trade_off_along, here, line, row)
    show.folded("All measured amounts", "amounts", views.all_amounts, frame, row, view)


live()
looking.ended()
