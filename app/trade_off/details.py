"""What is folded under the trade-off: the numbers behind it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.charts import figures
from app.evidence import learning_curve, published, published_words
from app.page import show, states, tables, verdict, wording
from app.settings import looking
from app.settings.looking import Looking
from app.settings.views import View
from core.errors import PenumbraError
from core.metrics import METRICS

CURVE_HELP = (
    "Each point: quick attackers trained on the photographs of so many people, scored on people "
    "they never saw. Dotted: where the curve points, by the law that learning curves follow; the "
    "band is what the choice of test people leaves open, not whether the law holds."
)


def bigger_attacker(curve: pd.DataFrame, attribute: str) -> None:
    """Whether an attacker with more photographs would know more."""
    said = learning_curve.sentence(curve, attribute)
    st.markdown(f"**{said}**")
    show.chart(learning_curve.figure(curve, states.dark()), "data-curve", curve, said)
    st.caption(CURVE_HELP)


def curve_of(view: View, row: dict) -> pd.DataFrame:
    """The curve of this setting over the attacker's photographs; empty without one."""
    kind, _, attribute = row["target"].partition(":")
    if kind != "attribute" or view.protocol != "strict":
        return pd.DataFrame()
    value = None if pd.isna(row["release_value"]) else float(row["release_value"])
    try:
        return loaders.curve(row["run_id"], value, attribute)
    except PenumbraError as error:
        st.warning(str(error), icon=":material/warning:")
        return pd.DataFrame()


def paper(view: View, row: dict) -> None:
    """The papers' own numbers beside ours; none of them is drawn into the chart."""
    method = row["method"]
    measured = loaders.measured(view.dataset, view.preset)
    replaced = published.schedule_of(row.get("schedule"))
    report = published.report(measured, view, method, looking.values(row), replaced)
    st.markdown(f"**{published_words.headline(report, view, method, looking.values(row))}**")
    if not (report.private or report.utility):
        return
    st.write(published_words.service_line(report, view, method))
    st.caption(published_words.differences(report, view, method))
    for title, pairs in (("What is to be hidden", report.private), ("The service", report.utility)):
        if pairs:
            st.markdown(f"**{title}**")
            show.table(
                published_words.table(pairs, view), f"paper-{title.split()[-1]}",
                f"{title}: every number of the paper, and ours beside it",
            )  # fmt: skip
    st.caption(f"{published_words.MEANING} {published_words.measures(report)}")


def numbers(findings: pd.DataFrame, row: dict) -> None:
    shown = tables.of_setting(findings, row["run_id"], row["release_value"])
    show.table(shown, f"numbers-{row['key']}", "Every attacker's figures at the chosen setting")
    explained = [
        f"**{tables.heading(metric.name)}**: {metric.says}"
        for metric in METRICS.values()
        if tables.heading(metric.name) in shown
    ]
    st.caption("  \n".join(explained))


def all_settings(looked: Looking) -> None:
    view, table, unprotected = looked.view, looked.table, looked.unprotected
    unit = " (%)" if wording.in_percent(view.measure) else ""
    shown = tables.of_settings(table, view)
    number = st.column_config.NumberColumn
    share = wording.in_percent(view.service)
    show.table(
        shown, "settings", "One row for each setting of the chart",
        column_config={
            "Attacker": number(f"Attacker{unit}", format="%.2f" if not unit else "%.1f"),
            "from": number(format="%.2f" if not unit else "%.1f"),
            "to": number(format="%.2f" if not unit else "%.1f"),
            "Guessing": number(f"Guessing{unit}", format="%.2f" if not unit else "%.1f"),
            "Service": number(f"Service ({'%' if share else 'hundredths'})", format="%.1f"),
            "Loss": number(f"Loss ({'points' if share else 'hundredths'})", format="%.1f"),
        },
    )  # fmt: skip
    if unprotected is not None:
        st.caption(
            f"Loss: against {verdict.reference_label(unprotected)}, the unprotected reference."
        )
    mine = looked.findings[looked.findings["dataset"] == view.dataset]
    show.csv(mine, view.dataset, "findings", "Every finding of this data set (CSV)")


def protocols(view: View) -> None:
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
    show.chart(figures.protocols(pairs, states.dark()), "protocols", pairs,
               "The attack's success under both protocols")  # fmt: skip
    st.caption(wording.PROTOCOL_HELP)
    st.caption(
        "Figures published in the papers are plain accuracies on other photographs. They share "
        "neither measure nor data with this chart and are therefore not drawn into it; they stand "
        "under “What the paper reports”."
    )
