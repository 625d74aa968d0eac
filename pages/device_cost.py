"""Device cost: what does protection cost the device?"""

import streamlit as st

from app.cache import loaders
from app.evidence import device_cost
from app.page import clicks, show, states, verdict, wording
from app.settings import looking as looking_at
from app.settings import pickers, points
from core.methods import METHODS

looking = looking_at.look("What does protection cost the device?")
view, method, unprotected = looking.view, looking.method, looking.unprotected
measured, damaged = loaders.costs(view.dataset)
table = device_cost.joined(looking.table, measured)
rows = points.records(table)


@st.fragment
def device() -> None:
    """Verdict, knob and chart: redrawn alone when the knob moves."""
    clicks.follow()
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        key = looking_at.setting(looking)["key"]
    row = next(row for row in rows if row["key"] == key)
    with right:
        measure = pickers.choose(
            "Cost counted as", list(device_cost.MEASURES), "cost",
            lambda name: device_cost.MEASURES[name].label,
            help="What of the device is paid with.",
        )  # fmt: skip
    said = verdict.verdict(row, unprotected, view)
    with head:
        sentence = device_cost.sentence(row)
        show.verdict(f"{sentence} {said.sentence}")
        st.markdown(verdict.mark(said.exposure))
        if device_cost.measured(row):
            st.caption(device_cost.small_print(row))
        else:
            st.code(f"python -m core cost {row['run_id']}", language=None)
        if text := device_cost.warning(row):
            st.warning(text, icon=":material/hourglass_top:")
    if not table["milliseconds"].notna().any():
        nothing()
        return
    what = device_cost.MEASURES[measure]
    show.chart(
        device_cost.chart(table, key, view, measure, states.dark()), f"device-cost-{measure}",
        lambda: device_cost.frame(table, view), f"{what.label} against privacy. {sentence} {said.sentence}",
        key="device_cost_chart", on_select=lambda: clicks.choose_clicked("device_cost_chart", rows), selection_mode="points",
        note="The larger a bubble, the better the service; click one to choose it. Bars up and down: "
        "95 % intervals.",
    )  # fmt: skip
    st.caption(f"**{what.label}**: {what.meaning}")


def nothing() -> None:
    """The empty state: settings, but no cost."""
    with st.container(border=True):
        st.subheader("No cost was measured yet")
        st.write("Measure what the trained settings cost on this machine, from a terminal:")
        st.code("python -m core cost", language=None)


def everything() -> None:
    number = st.column_config.NumberColumn
    factor, digits = (" (%)", "%.1f") if wording.in_percent(view.measure) else ("", "%.2f")
    show.table(
        device_cost.frame(table, view), "device-cost", "Every cost of each setting of the chart",
        column_config={
            "Attacker": number(f"Attacker{factor}", format=digits),
            "Service": number("Service (%)", format="%.1f"),
            "Milliseconds": number(format="%.3g"),
            **{name: number(format="%.3g") for name in ("Multiply-adds, millions",)},
            **{name: number(format="%.4g") for name in (
                "Memory, kB", "Sent, kB", "Sent as 16-bit, kB", "Photograph, kB")},
            **{name: number(format="%.1f") for name in (
                "Part of the network, %", "Processor busy with other work, %")},
        },
    )  # fmt: skip
    for what in device_cost.MEASURES.values():
        st.caption(f"**{what.label}**: {what.meaning}")
    st.caption(
        "A cut (DPFE’s “cut”, the “layer” of Adversarial reconstruction) says after which part of the "
        "network the device stops: each cut is a training, and a row, of its own."
    )


def missing(names: list[str]) -> None:
    titles = sorted({METHODS[row["method"]].title for row in rows if row["run_id"] in names})
    st.write(f"Settings of {', '.join(titles)} are not on the chart. Measure them from a terminal:")
    st.code(f"python -m core cost {' '.join(names)}", language=None)


device()
with st.expander("All settings and all costs", key="costs", on_change="rerun") as folder:
    if folder.open:
        everything()
if names := device_cost.without_cost(rows):
    count = sum(row["run_id"] in names for row in rows)
    several = f"{count} settings were" if count > 1 else "1 setting was"
    with st.expander(f"{several} not measured on a device", key="uncosted", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            missing(names)
if damaged:
    states.damaged(damaged)
looking_at.ended()
