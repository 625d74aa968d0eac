"""Papers beside ours: do the papers' numbers hold?"""

import streamlit as st

from app.cache import loaders
from app.evidence import departures, papers, published_words, reproducing
from app.page import show, states
from app.settings import address, looking, pickers
from core.methods import METHODS
from core.published import PAPERS

st.title("Do the papers' numbers hold?", anchor=False)
if loaders.findings().empty:
    looking.nothing_yet()
with st.sidebar:
    dataset, preset = pickers.dataset()


def paper_and_table() -> tuple[str, dict, str, str]:
    """(paper, its tables, the table chosen, the measure chosen)."""
    left, middle, right = st.columns([4, 4, 4], gap="medium", vertical_alignment="bottom")
    with left:
        method = address.kept("method")
        own = papers.own_paper(method if method in METHODS else next(iter(METHODS)))
        help = "Whose printed numbers stand beside ours."
        titles = {name: METHODS[name].title for name in PAPERS}
        paper = pickers.choose("Paper", titles, "paper", help=help, default=own)
    tables = papers.by_table(paper, loaders.measured(), (dataset, preset))
    with middle:
        help = "Every table and figure of the paper, and where its text alone prints a number."
        places = {place: papers.title(paper, place) for place in tables}
        usual = papers.usual_table(tables)
        more = {"help": help, "default": usual, "follows": True}
        place = pickers.choose("Table or figure", places, "table", **more)
    if not tables[place]:
        return paper, tables, place, ""
    with right:
        help = "What the numbers of the figure count."
        found = papers.measures(tables[place])
        names = {name: papers.measure_name(name) for name in found}
        measure = pickers.choose("Measure", names, "measure", help=help, follows=True)
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
    if not pairs:
        with head:
            show.verdict(f"{papers.title(paper, place)}.", papers.not_made(paper, place), "")
        return
    sentence = papers.sentence(paper, pairs, measure)
    shown = [pair for pair in pairs if pair.row["metric"] == measure]
    with head:
        differences = papers.differences(paper, shown, dataset, preset)
        show.verdict(sentence, differences, papers.tally(pairs))
    numbers = papers.frame(pairs, measure)
    if len(numbers):
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
    departures.folded(paper)
    if place != papers.ALL and not papers.not_made(paper, place):
        title = f"Make {place} here: train and attack what is missing"
        show.folded(title, "reproduce", reproducing.offer, paper, place, dataset, preset)


beside()
looking.ended()
