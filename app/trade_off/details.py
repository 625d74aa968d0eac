"""What is folded under the trade-off: the numbers behind it."""

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.evidence import learning_curve, published, published_words
from app.page import show, states, tables, verdict, wording
from app.settings import points
from app.settings.looking import Looking
from app.settings.views import View
from core import results
from core.errors import PenumbraError
from core.metrics import METRICS

CURVE_HELP = (
    "Each point: quick attackers trained on the photographs of so many people, scored on people "
    "they never saw. Dotted: where the curve points, by the law that learning curves follow; the "
    "band is what the choice of test people leaves open, not whether the law holds."
)


def bigger_attacker(curve: pd.DataFrame, attribute: str) -> None:
    sentence = learning_curve.sentence(curve, attribute)
    st.markdown(f"**{sentence}**")
    show.chart(learning_curve.figure(curve, states.colours()), "data-curve", curve, sentence)
    st.caption(CURVE_HELP)


def curve_of(view: View, row: dict) -> pd.DataFrame:
    """The curve of this setting over the attacker's photographs; empty without one."""
    kind, _, attribute = row["target"].partition(":")
    if kind != "attribute" or view.protocol != "strict":
        return pd.DataFrame()
    try:
        return loaders.curve(row, attribute)
    except PenumbraError as error:
        st.warning(str(error), icon=":material/warning:")
        return pd.DataFrame()


def paper(view: View, row: dict) -> None:
    """The papers' own numbers beside ours; none of them is drawn into the chart."""
    method = row["method"]
    measured = loaders.measured_on(view.dataset, view.preset)
    chosen, schedule = points.knob_values(row), results.schedule_of(row.get("schedule"))
    report = published.report(measured, view, method, chosen, schedule)
    st.markdown(f"**{published_words.headline(report, view, method, chosen)}**")
    both = (*report.private, *report.utility)
    if not both:
        return
    st.write(published_words.service_line(report, view, method))
    st.caption(published_words.differences(both, method, view.dataset, view.preset))
    for title, pairs in (("What is to be hidden", report.private), ("The service", report.utility)):
        if pairs:
            st.markdown(f"**{title}**")
            alt = f"{title}: every number of the paper, and ours beside it"
            table = published_words.table(pairs, *published_words.looked_at(view))
            show.table(table, f"paper-{title.split()[-1]}", alt)
    st.caption(f"{published_words.MEANING} {published_words.measures(both, report.private)}")


def numbers(findings: pd.DataFrame, row: dict) -> None:
    shown = tables.of_setting(findings, row)
    show.table(shown, f"numbers-{row['key']}", "Every attacker's figures at the chosen setting")
    explained = [
        f"**{tables.heading(metric.name)}**: {metric.says}"
        for metric in METRICS.values()
        if tables.heading(metric.name) in shown
    ]
    st.caption("  \n".join(explained))


def all_settings(looked: Looking) -> None:
    view, table, unprotected = looked.view, looked.table, looked.unprotected
    unit, digits = ("{} (%)", "%.1f") if wording.in_percent(view.measure) else ("{}", "%.2f")
    share = wording.in_percent(view.service)
    columns = {
        **show.columns(digits, "Attacker", "Guessing", tables.PROVEN, title=unit),
        **show.columns(digits, "from", "to"),
        **show.columns("%.1f", tables.BLIND, title="{} (%)"),
        **show.columns("%.1f", "Service", title=f"{{}} ({'%' if share else 'hundredths'})"),
        **show.columns("%.1f", "Loss", title=f"{{}} ({'points' if share else 'hundredths'})"),
    }
    alt = "One row for each setting of the chart"
    show.table(tables.of_settings(table, view), "settings", alt, column_config=columns)
    if unprotected is not None:
        st.caption(
            f"Loss: against {verdict.reference_label(unprotected)}, the unprotected reference."
        )
    mine = looked.findings[looked.findings["dataset"] == view.dataset]
    show.csv(mine, view.dataset, "findings", "Every finding of this data set (CSV)")
