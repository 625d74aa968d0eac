"""Two figures folded under the trade-off, as papers draw them: any measure along whatever was varied,
and how deep in a list of names people stand against what the service keeps."""

from typing import Any

import streamlit as st

from app.page import show, states, wording
from app.settings import looking, pickers, points
from app.settings.looking import Looking
from app.settings.views import task_target
from app.trade_off import measures, measures_chart
from core.attacks.identity.log_rank import log_rank
from core.metrics import METRICS, ranks

BY = (
    "The strongest counts, and for the service its best head; where a measure is taken by one attacker "
    "only, that one."
)
RANKS = (ranks.LOG_RANK_PRIVACY, ranks.RANK_MEAN, ranks.RANK_DEVIATION, *ranks.RANK_GUARANTEES)


def along(here: Looking, row: dict[str, Any]) -> None:
    """Measure, what it goes along, targets, who measured; the chart."""
    view = here.view
    strips = [*looking.strips(here, row), measures.across_methods(here.rows, row)]
    titles = {strip.name: strip.label for strip in strips}
    first, second = st.columns(2, gap="large"), st.columns(2, gap="large")
    with first[1]:
        name = pickers.choose("Along", titles, f"{here.method}.figure_along")
    strip = next(strip for strip in strips if strip.name == name)
    about = measures.found(here.findings, view, [setting for _, setting in strip.steps])
    metrics = {m: wording.capital(METRICS[m].title) for m in measures.metrics(about)}
    if not metrics:
        st.caption("Nothing was measured of these settings by this protocol.")
        return
    with first[0]:
        metric = pickers.choose("Measure", metrics, "figure_measure", default=view.measure)
    there = measures.targets(about, metric)
    labels = wording.unique_labels(there, wording.target_label)
    usual = [t for t in (task_target(view.task), *view.targets) if t in there] or there[:2]
    with second[0]:
        wanted = pickers.several("Of", labels, f"{metric}.figure_of", usual)
    who = measures.STRONGEST
    if view.protocol == "strict" and wanted:
        able = measures.attackers(about, metric, wanted)
        names = {name: wording.capital(wording.attacker(name)) for name in able}
        with second[1]:
            who = pickers.choose("By", names, f"{metric}.figure_by", help=BY)
    frame = measures.frame(about, strip, metric, wanted, who, view.protocol)
    if frame.empty:
        st.caption("Nothing was measured of that: choose another target or attacker.")
        return
    show.chart(
        measures_chart.along(frame, strip, metric, wanted, states.colours()),
        f"along-{strip.name.replace('_', '-')}",
        lambda: frame.assign(metric=metric),
        f"{METRICS[metric].title} along {strip.title}, a line for each target",
        key="figure_along_chart",
        note="Bars: 95 % intervals; pale: attack too weak to conclude.",
    )
    st.caption(METRICS[metric].says)


def ranked(here: Looking) -> bool:
    """Whether anybody was looked for in a list of names."""
    mine = here.findings["run_id"].isin(here.table["run_id"].tolist())
    return bool((mine & (here.findings["attacker"] == log_rank.name)).any())


def against_service(here: Looking, row: dict[str, Any]) -> None:
    """DPFE's Figures 6 to 9: curves of the settings, people's places in a list of names against the
    service."""
    names = {metric.name: wording.capital(metric.title) for metric in RANKS}
    metric = pickers.choose("Measure", names, "rank_measure", width=380)
    view = here.view._replace(protocol="strict")
    about = measures.found(here.findings, view, points.records(here.table))
    rows = measures.beside_service(about, here.table, metric)
    if not rows:
        st.caption("No setting of this view was measured by that.")
        return
    lines = points.lines(points.records(here.table), points.knob_values(row), here.method)
    figure = measures_chart.against_service(
        rows, lines, row["key"], metric, here.view, states.colours()
    )
    alt = f"{METRICS[metric].title} against {wording.service(here.view.task)}"
    numbers = measures.exported(rows, metric)
    show.chart(figure, "ranks-against-service", numbers, alt, key="rank_chart")
    if METRICS[metric] != ranks.RANK_DEVIATION:  # of the others more hides more
        for sentence in measures.superiorities(rows, lines, here.method):
            st.markdown(sentence)
    st.caption(
        f"{METRICS[metric].says} Up and to the right a method hides people and still serves; one "
        "curve that lies above another at every accuracy is the better bargain (DPFE, Figures 6 to 9)."
    )
