"""Papers beside ours: do the papers' numbers hold?"""

import streamlit as st

from app.cache import loaders
from app.evidence import papers, published_words
from app.page import show, states, wording
from app.settings import address, looking, pickers
from core.methods import METHODS
from core.published import PAPERS

st.title("Do the papers' numbers hold?", anchor=False)
if loaders.findings().empty:
    looking.nothing_yet()
with st.sidebar:
    dataset, preset = pickers.dataset()
settings = loaders.measured(dataset, preset)


def paper_and_table() -> tuple[str, dict, str, str]:
    """(paper, its tables, the table chosen, the measure chosen)."""
    left, middle, right = st.columns([4, 4, 4], gap="medium", vertical_alignment="bottom")
    with left:
        method = address.kept("method")
        own = papers.own_paper(method if method in METHODS else next(iter(METHODS)))
        help = "Whose printed numbers stand beside ours."
        titles = {name: METHODS[name].title for name in PAPERS}
        paper = pickers.choose("Paper", titles, "paper", help=help, default=own)
    tables = papers.by_table(paper, settings)
    with middle:
        help = "Where the paper prints the numbers; one that is printed repeatedly stands where it is printed first."
        places = {name: name for name in tables} | {papers.ALL: "All of the paper"}
        usual = papers.usual_table(tables)
        place = pickers.choose("Table or section", places, "table", help=help, default=usual)
    with right:
        help = "What the numbers of the figure count."
        found = papers.measures(tables[place])
        names = {name: papers.measure_name(name) for name in found}
        measure = pickers.choose("Measure", names, "measure", help=help)
    return paper, tables, place, measure


def every_number(paper: str, pairs: tuple[papers.Pair, ...]) -> None:
    table = papers.table(pairs)
    show.table(table, f"papers-{paper}", "Every number of the paper, and ours beside it")
    st.caption(f"The paper: {PAPERS[paper]}.")


@st.fragment
def beside() -> None:
    head = st.container(gap="xsmall")
    paper, tables, place, measure = paper_and_table()
    pairs = tables[place]
    sentence = papers.sentence(paper, pairs, measure)
    shown = [pair for pair in pairs if pair.row["metric"] == measure]
    with head:
        differences = papers.differences(paper, shown, dataset, preset)
        show.verdict(sentence, differences, papers.tally(pairs))
    numbers = papers.frame(pairs, measure)
    show.chart(
        papers.chart(numbers, measure, states.colours()),
        f"papers-{paper}",
        numbers,
        f"{papers.measure_name(measure)}: every printed number, and ours beside it. {sentence}",
        key="papers_chart",
        note="Amber: the service." if (numbers["role"] == "utility").any() else "",
    )
    st.caption(published_words.MEANING)
    title = "Every number, its place, and why some have none of ours"
    show.folded(title, "every", every_number, paper, pairs)


beside()
strict, paper = wording.PROTOCOLS["strict"], wording.PROTOCOLS["paper"]
st.caption(f"**{strict}** and **{paper}**: {wording.PROTOCOL_HELP}")
looking.ended()
