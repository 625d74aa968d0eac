"""Trade-off (home): how much protection can this service afford?"""

import pandas as pd
import streamlit as st

from app import (
    charts,
    data_curve,
    loaders,
    pickers,
    points,
    published,
    published_words,
    repeated_releases,
    show,
    states,
    tables,
    verdict,
    wording,
)
from app import looking as looking_at
from core.errors import PenumbraError

CURVE_HELP = (
    "Each point: quick attackers trained on the photographs of so many people, scored on people "
    "they never saw. Dotted: where the curve points, by the law that learning curves follow; the "
    "band is what the choice of test people leaves open, not whether the law holds."
)

looking = looking_at.look("How much protection can this service afford?")
findings, view, table, method, unprotected, offered = looking
rows = points.records(table)


def select_point() -> None:
    """A click on a point makes its setting the chosen one."""
    clicked = st.session_state["trade_off_chart"].selection["points"]
    keys = [point.get("customdata") for point in clicked]
    keys = [key[0] if isinstance(key, list) else key for key in keys]
    clicked_rows = [row for row in rows if row["key"] in keys]
    if clicked_rows:
        pickers.select(clicked_rows[0])
        st.session_state["clicked"] = True


def limit_inputs() -> tuple[float | None, float | None]:
    """The officer's limits: (attack's value, loss of utility), as shares."""
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
    cost = pickers.limit(
        "Loss at most, points", "cost_limit", 100.0, 0.5,
        "The largest loss against no protection that you accept. What stands for no protection is "
        "named under the verdict.",
    )  # fmt: skip
    return attack, None if cost is None else cost / 100


@st.fragment
def trade_off() -> None:
    """Verdict, knob and chart: redrawn alone when the knob moves."""
    if st.session_state.pop("clicked", False):
        st.rerun()  # the method picker in the sidebar follows the click
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        row = looking_at.setting(looking)
    with right, st.container(horizontal=True):
        attack_limit, cost_limit = limit_inputs()
    chosen = looking_at.values(row)
    said = verdict.verdict(row, unprotected, view)
    kept = verdict.limits(row, attack_limit, cost_limit, view.target != "image")
    with head:
        st.markdown(f"### {said.sentence}", anchors=False)
        st.markdown(verdict.mark(said.exposure))
        st.caption(said.detail)
        if repeated := repeated_releases.again(findings, row, view):
            text = f":material/repeat: {repeated.sentence}"
            if repeated.worse:
                st.markdown(f":red[{text}]")
            else:
                st.caption(text)
    if kept is not None:
        fine, text = kept
        st.markdown(
            f":{'green' if fine else 'red'}[:material/{'check' if fine else 'close'}: {text}]"
        )
    figure = charts.trade_off(
        table, points.lines(rows, chosen, method), row["key"], view, attack_limit, cost_limit, states.dark()
    )  # fmt: skip
    show.chart(
        figure, "trade-off", lambda: tables.of_settings(table, view), f"Utility against privacy. {said.sentence}",
        key="trade_off_chart", note="Every point is a trained and attacked setting; click one to choose it. "
        "Bars: 95 % intervals.", on_select=select_point, selection_mode="points",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("../pages/reconstructions.py", icon=":material/face:",
                     label="See what the attacker recovers at this setting")  # fmt: skip
    with st.expander("All numbers of this setting", key="numbers", on_change="rerun") as folder:
        if folder.open:
            numbers(row)
    curve = bigger_attacker(row)
    if not curve.empty:
        with st.expander(
            "Would a bigger attacker know more?", key="curve", on_change="rerun"
        ) as folder:
            if folder.open:
                attribute = view.target.partition(":")[2]
                st.markdown(f"**{data_curve.sentence(curve, attribute)}**")
                st.plotly_chart(data_curve.figure(curve, states.dark()),
                                config={"displayModeBar": False},
                                alt=data_curve.sentence(curve, attribute))  # fmt: skip
                st.caption(CURVE_HELP)
    with st.expander("What the paper reports", key="published", on_change="rerun") as folder:
        if folder.open:
            paper(chosen)


def bigger_attacker(row: dict) -> pd.DataFrame:
    """The curve of this setting over the attacker's photographs; empty without one."""
    kind, _, attribute = view.target.partition(":")
    if kind != "attribute" or view.protocol != "strict":
        return pd.DataFrame()
    value = None if pd.isna(row["release_value"]) else float(row["release_value"])
    try:
        return loaders.curve(row["run_id"], value, attribute)
    except PenumbraError as error:
        st.warning(str(error), icon=":material/warning:")
        return pd.DataFrame()


def paper(chosen: dict[str, float]) -> None:
    """The papers' own numbers beside ours; none of them is drawn into the chart."""
    report = published.report(loaders.measured(view.dataset, view.preset), view, method, chosen)
    st.markdown(f"**{published_words.headline(report, view, method, chosen)}**")
    if not (report.private or report.utility):
        return
    st.write(published_words.service_line(report, view, method))
    st.caption(published_words.differences(report, view, method))
    for title, pairs in (("What is to be hidden", report.private), ("The service", report.utility)):
        if pairs:
            st.markdown(f"**{title}**")
            st.dataframe(
                published_words.table(pairs, view), hide_index=True,
                alt=f"{title}: every number of the paper, and ours beside it",
            )  # fmt: skip
    st.caption(f"{published_words.MEANING} {published_words.measures(report)}")


def numbers(row: dict) -> None:
    shown = tables.of_setting(findings, row["run_id"], row["release_value"])
    st.dataframe(shown, hide_index=True, alt="Every attacker's figures at the chosen setting")
    explained = [
        f"**{tables.heading(metric)}**: {wording.METRICS[metric][2]}"
        for metric in tables.ORDER
        if tables.heading(metric) in shown
    ]
    st.caption("  \n".join(explained))


def all_settings() -> None:
    unit = "" if view.target == "image" else " (%)"
    shown = tables.of_settings(table, view)
    number = st.column_config.NumberColumn
    st.dataframe(
        shown, hide_index=True, alt="One row for each setting of the chart",
        column_config={
            "Attacker": number(f"Attacker{unit}", format="%.2f" if not unit else "%.1f"),
            "from": number(format="%.2f" if not unit else "%.1f"),
            "to": number(format="%.2f" if not unit else "%.1f"),
            "Guessing": number(f"Guessing{unit}", format="%.2f" if not unit else "%.1f"),
            "Service": number("Service (%)", format="%.1f"),
            "Loss": number("Loss (points)", format="%.1f"),
        },
    )  # fmt: skip
    if unprotected is not None:
        st.caption(
            f"Loss: against {verdict.reference_label(unprotected)}, the unprotected reference."
        )
    mine = findings[findings["dataset"] == view.dataset]
    st.download_button(
        "Every finding of this data set (CSV)", mine.to_csv(index=False).encode(),
        f"penumbra-{view.dataset}.csv", "text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def protocols() -> None:
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
    st.plotly_chart(charts.protocols(pairs, states.dark()), config={"displayModeBar": False},
                    alt="The attack's success under both protocols")  # fmt: skip
    st.caption(wording.PROTOCOL_HELP)
    st.caption(
        "Figures published in the papers are plain accuracies on other photographs. They share "
        "neither measure nor data with this chart and are therefore not drawn into it; they stand "
        "under “What the paper reports”."
    )


trade_off()
with st.expander(
    "All settings, and the table to take away", key="settings", on_change="rerun"
) as folder:
    if folder.open:
        all_settings()
if view.target != "image":
    with st.expander(
        "Strict protocol beside the paper's own", key="protocols", on_change="rerun"
    ) as folder:
        if folder.open:
            protocols()
looking_at.ended()
