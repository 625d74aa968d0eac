"""Papers beside ours: do the papers' numbers hold?"""

import streamlit as st

from app.cache import loaders
from app.evidence import papers, published_words
from app.page import show, states, wording
from app.settings import looking as looking_at
from app.settings import pickers
from core.methods import METHODS
from core.published import PAPERS

st.title("Do the papers' numbers hold?", anchor=False)
findings = loaders.findings()
if findings.empty:
    states.damaged(loaders.problems())
    states.nothing_trained(loaders.runs())
    st.stop()
with st.sidebar:
    dataset, preset = pickers.dataset()
held = st.session_state.get("method") or st.session_state.get("kept", {}).get("method")
usual = papers.own_paper(held if held in METHODS else next(iter(METHODS)))
settings = loaders.measured(dataset, preset)


def paper_and_table() -> tuple[str, dict, str, str]:
    """(paper, its tables, the table chosen, the measure chosen)."""
    left, middle, right = st.columns([4, 4, 4], gap="medium", vertical_alignment="bottom")
    with left:
        paper = pickers.choose("Paper", list(PAPERS), "paper", papers.title, default=usual,
                               help="Whose printed numbers stand beside ours.")  # fmt: skip
    tables = papers.by_table(paper, settings)
    with middle:
        place = pickers.choose(
            "Table or section", [papers.ALL, *tables], "table",
            lambda name: "All of the paper" if name == papers.ALL else name,
            default=papers.usual_table(tables),
            help="Where the paper prints the numbers; one that is printed repeatedly stands where it is printed first.",
        )  # fmt: skip
    with right:
        measure = pickers.choose("Measure", papers.measures(papers.chosen_pairs(tables, place)), "measure",
                                 papers.measure_name, help="What the numbers of the figure count.")  # fmt: skip
    return paper, tables, place, measure


@st.fragment
def beside() -> None:
    head = st.container(gap="xsmall")
    paper, tables, place, measure = paper_and_table()
    pairs = papers.chosen_pairs(tables, place)
    said = papers.sentence(paper, pairs, measure)
    shown = [pair for pair in pairs if pair.row["metric"] == measure]
    with head:
        show.verdict(said)
        st.markdown(papers.tally(pairs))
        st.caption(papers.differences(paper, shown, dataset, preset))
    numbers = papers.frame(pairs, measure)
    show.chart(
        papers.chart(numbers, measure, states.dark()), f"papers-{paper}",
        numbers, f"{papers.measure_name(measure)}: every printed number, and ours beside it. {said}",
        key="papers_chart",
        note="Amber: the service." if (numbers["role"] == "utility").any() else "",
    )  # fmt: skip
    st.caption(published_words.MEANING)
    with st.expander("Every number, its place, and why some have none of ours", key="every",
                     on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            show.table(
                papers.table(pairs, settings, dataset, preset), f"papers-{paper}",
                "Every number of the paper, and ours beside it",
            )  # fmt: skip
            st.caption(f"The paper: {PAPERS[paper]}.")


beside()
st.caption(
    f"**{wording.PROTOCOLS['strict']}** and **{wording.PROTOCOLS['paper']}**: {wording.PROTOCOL_HELP}"
)
looking_at.ended()
