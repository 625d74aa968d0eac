"""Study results: do people recognise the face?"""

import streamlit as st

from app.cache import loaders, study_answers
from app.page import show, states
from app.settings import pickers
from app.study import charts, details, details_words, verdict, words
from core.errors import PenumbraError
from core.study.analysis import results

PEOPLE, SIMULATED = "people", "simulated"
OF = {PEOPLE: "People", SIMULATED: "Simulated participants"}


def nothing(title: str, text: str) -> None:
    """An empty state with its next step; ends the page."""
    with st.container(border=True):
        st.header(title, anchor=False)
        st.write(text)
        if st.button("Go to the studies", type="primary", icon=":material/groups:"):
            st.switch_page("../pages/studies.py")
    loaders.settle()
    st.stop()


def chosen_study() -> dict:
    try:
        found = study_answers.listed()
    except PenumbraError as error:
        st.error(
            f"The studies cannot be read: {error}. What people answered is not touched by this; reload "
            "the page when the database is back.",
            icon=":material/error:",
        )
        st.stop()
    if not found:
        nothing(
            "No study yet",
            "Set a study up, open it, and send its link: what people answer is counted here while "
            "it comes in.",
        )
    by_id = {study["id"]: study for study in found}
    titles = [study["title"] for study in found]

    def label(name: str) -> str:
        study = by_id[name]
        twice = f" ({name})" if titles.count(study["title"]) > 1 else ""
        return f"{study['title']}{twice}, {words.STATES[study['state']][0]}"

    answered = next((study["id"] for study in found if study["answers"]), None)
    labels = {name: label(name) for name in by_id}
    more = {"default": answered, "width": 520}
    return by_id[pickers.choose("Study", labels, "results_of", **more)]


def whose(study: dict) -> tuple[bool, str]:
    """(whether simulated answers are looked at, whose of them count)."""
    simulated = False
    if study["simulated"]:
        help = "Simulated participants were made up by a program to rehearse the study."
        simulated = pickers.segmented("Answers of", OF, "answers_of", help) == SIMULATED
    if not study["design"]["attention"]:
        return simulated, "all"
    help = (
        "Attention checks show an unprotected face, which everybody who looks should recognise. The "
        "numbers with and without are beside each other in the table below."
    )
    only = pickers.toggle("Only those who passed the attention checks", "passed", True, help)
    return simulated, "passed" if only else "all"


st.title("Do people recognise the face?", anchor=False)
with show.charts_fetched():
    study = chosen_study()
simulated, who = whose(study)
same = study["design"]["photograph"] == "same"
try:
    summary, about, missing = study_answers.summary(study, simulated)
except PenumbraError as error:
    st.error(f"The answers cannot be read: {error}. Nothing was deleted.", icon=":material/error:")
    st.stop()
rows = verdict.rows(summary, about, who)
if not any(row["n"] for row in verdict.rows(summary, about, "all")):
    text = (
        f"“{words.STATES[study['state']][0].capitalize()}” is where this study stands. Numbers "
        "appear with the first answers."
    )
    if study["simulated"] and not simulated:
        text += f" There are {study['simulated']} simulated participants to look at above."
    nothing("Nobody has answered yet", text)
if simulated:
    st.warning(
        "**These are not people.** A program made the answers up to rehearse the study. They say how "
        "the page will look and nothing about faces.",
        icon=":material/smart_toy:",
    )
looked = details.Looked(study, simulated, who, tuple(rows), summary, about)
people = "Simulated participants" if simulated else "People"
show.verdict(verdict.verdict(rows, same, people), verdict.under(rows, who, looked.participants))
if study["state"] == "open":
    st.caption(
        "The study is still open. Looking while answers come in is fine; deciding to stop because "
        "the numbers please is not: the study ends where its rule says."
    )
reference = results.reference()
comparable = study["design"]["options"] == round(1 / reference["chance"])
theirs = reference if comparable else None
show.chart(
    charts.accuracy(rows, theirs, same, states.colours(), people.lower()),
    "study",
    lambda: details_words.taken_away(rows),
    charts.accuracy_alt(rows, same, people.lower()),
    note="Bars: 95 % intervals. Settings run from weak to strong protection.",
)
if same:
    st.info(verdict.TRIVIAL, icon=":material/info:")

for title, key, part in details.PARTS:
    if key != "sure" or study["design"]["confidence"]:
        show.folded(title, f"study_{key}_open", part, looked)
states.damaged(missing)
loaders.settle()
