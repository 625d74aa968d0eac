"""What the page "What else leaks" says about people: groups, persons, and how many there are."""

from collections.abc import Callable

import streamlit as st

from app.cache import photographs
from app.leakage import chart, groups
from app.page import show, states, wording
from app.settings import only_numbers, pickers, points
from app.settings.views import View
from core.analysis import subgroups
from core.errors import PenumbraError

FACE = 104  # pixels of a face
SHOWN = 12  # people at a time
ENDS = {"least": "Least protected", "most": "Best protected"}


def asked(view: View) -> str:
    """What the attacker of the questions about people wants: one of those in the sidebar."""
    if len(view.targets) == 1:
        return view.targets[0]
    return pickers.choose("People by", view.targets, "leak_target", wording.target_label, width=240)


def guarded(part: Callable[[points.Row, str], None], row: points.Row, target: str) -> None:
    """A part that needs the photographs and what was predicted for each, or why it is not there."""
    if target == "image":
        st.write(
            "How well a picture was redrawn is kept for a few faces only, not for everybody. Choose "
            "an attribute or “Identity” under “The attacker wants”."
        )
        return
    if only_numbers.instead(row, "people and groups of people"):
        return
    try:
        part(row, target)
    except PenumbraError as error:
        text = f"This cannot be shown: {error}. The figures above are not touched by it."
        st.warning(text, icon=":material/warning:")


def by_group(row: points.Row, target: str) -> None:
    names = groups.offered(photographs.predictions(row, target).names)
    usual = [name for name in groups.FIRST if name in names] or names[:1]
    help = "People with and without an attribute are compared."
    asked = pickers.several("Groups", wording.unique_labels(names), "leak_groups", usual, help)
    if not asked:
        st.write("Choose at least one attribute to group people by.")
        return
    found = {name: photographs.groups(row, target, name) for name in asked[: groups.MOST]}
    sentence = groups.sentence(found, target)
    st.markdown(f"**{sentence}**")
    table = groups.table({name: each[0] for name, each in found.items()})
    figure = chart.groups(table, row["chance"], states.colours())
    show.chart(figure, "groups", table.drop(columns=["text", "label"]), sentence)
    for note in groups.notes(table):
        st.caption(note)


def by_person(row: points.Row, target: str) -> None:
    people = subgroups.persons(photographs.predictions(row, target))
    faces = photographs.tested(row["dataset"], row["run_id"])
    st.markdown(f"**{groups.everybody(people, target, row['chance'])}**")
    help = "Least protected: those whom the attacker is right about most reliably."
    end = pickers.segmented("People", ENDS, "leak_people", help)
    shown = people if end == "least" else people[::-1]
    if note := groups.alike(shown, SHOWN):
        st.caption(note)
    with st.container(horizontal=True, gap="small"):
        for number, person in enumerate(shown.head(SHOWN).to_dict("records"), 1):
            words = groups.person(person, target)
            alt = f"Person {number} of those {ENDS[end].lower()}: {words.replace('**', '')}"
            show.picture(faces.images[person["example"]], FACE, alt, words, room=24)
    st.caption(
        "Likely: the share drawn towards everybody's, as far as people differ by no more than chance; "
        "in brackets the 95 % interval of the plain share. With so few photographs of each person "
        "the order is rough: it names candidates to look at, not a ranking."
    )
    show.csv(people.drop(columns="example"), "people", "table_people")


def sizes(row: points.Row, target: str) -> None:
    table = groups.sizes(photographs.tested(row["dataset"], row["run_id"]))
    alt = "How many test photographs and people have each attribute"
    show.table(table, "group-sizes", alt, column_config=show.columns("percent", "Share"))
