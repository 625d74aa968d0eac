"""Device cost: what does protection cost the device?"""

import streamlit as st

from app.cache import loaders
from app.evidence import device_cost
from app.page import clicks, show, states, verdict, wording
from app.settings import looking, only_numbers, pickers, points
from core.methods import METHODS

CHART = "device_cost_chart"

here = looking.look("What does protection cost the device?")
view = here.view
measured, damaged = loaders.costs(view.dataset)
table = device_cost.joined(here.table, measured)
rows = points.records(table)
may_measure = only_numbers.of(view.dataset) is None  # else there are no networks to measure


@st.fragment
def device() -> None:
    clicks.follow()
    head, left, right = show.opening(5, 3)
    with left:
        key = looking.setting(here)["key"]
    row = next(row for row in rows if row["key"] == key)
    with right:
        labels = {name: measure.label for name, measure in device_cost.MEASURES.items()}
        help = "What of the device is paid with."
        measure = pickers.choose("Cost counted as", labels, "cost", help=help)
    protection = verdict.verdict(row, here.unprotected, view)
    sentence = f"{device_cost.sentence(row)} {protection.sentence}"
    with head:
        small = device_cost.small_print(row) if device_cost.measured(row) else None
        show.verdict(sentence, small, protection.mark)
        if small is None and may_measure:
            st.code(f"python -m core cost {row['run_id']}", language=None)
        if text := device_cost.warning(row):
            st.warning(text, icon=":material/hourglass_top:")
    if not table["milliseconds"].notna().any() and not may_measure:
        only_numbers.instead(row, "costs")
        return
    if not table["milliseconds"].notna().any():
        with st.container(border=True):
            st.subheader("No cost was measured yet")
            st.write("Measure what the trained settings cost on this machine, from a terminal:")
            st.code("python -m core cost", language=None)
        return
    what = device_cost.MEASURES[measure]
    show.chart(
        device_cost.chart(table, key, view, measure, states.colours()),
        f"device-cost-{measure}",
        lambda: device_cost.frame(table, view),
        f"{what.label} against privacy. {sentence}",
        key=CHART,
        note="The larger a bubble, the better the service; click one to choose it. Bars up and down: "
        "95 % intervals.",
        **clicks.choosing(CHART, rows),
    )
    st.caption(f"**{what.label}**: {what.meaning}")


def everything() -> None:
    unit, digits = ("{} (%)", "%.1f") if wording.in_percent(view.measure) else ("{}", "%.2f")
    sizes = ("Memory, kB", "Sent, kB", "Sent as 16-bit, kB", "Photograph, kB")
    shares = ("Part of the network, %", "Processor busy with other work, %")
    columns = {
        **show.columns(digits, "Attacker", title=unit),
        **show.columns("%.1f", "Service", title="{} (%)"),
        **show.columns("%.3g", "Milliseconds", "Multiply-adds, millions"),
        **show.columns("%.4g", *sizes),
        **show.columns("%.1f", *shares),
    }
    frame = device_cost.frame(table, view)
    alt = "Every cost of each setting of the chart"
    show.table(frame, "device-cost", alt, column_config=columns)
    for what in device_cost.MEASURES.values():
        st.caption(f"**{what.label}**: {what.meaning}")
    st.caption(
        "A cut (DPFE’s “cut”, the “layer” of Adversarial reconstruction) says after which part of the "
        "network the device stops: each cut is a training, and a row, of its own."
    )


def missing(names: list[str]) -> None:
    """How to measure what is not on the chart."""
    titles = sorted({METHODS[row["method"]].title for row in rows if row["run_id"] in names})
    if not may_measure:
        st.write(f"Settings of {', '.join(titles)} are not on the chart.")
        return
    st.write(f"Settings of {', '.join(titles)} are not on the chart. Measure them from a terminal:")
    st.code(f"python -m core cost {' '.join(names)}", language=None)


device()
show.folded("All settings and all costs", "costs", everything)
if names := list(dict.fromkeys(r["run_id"] for r in rows if not device_cost.measured(r))):
    count = sum(row["run_id"] in names for row in rows)
    several = f"{count} settings were" if count > 1 else "1 setting was"
    show.folded(f"{several} not measured on a device", "uncosted", missing, names)
if damaged:
    states.damaged(damaged)
looking.ended()
