"""What else leaks: what can an attacker tell that nobody declared, and about whom?"""

import streamlit as st

from app.cache import photographs
from app.leakage import attributes, chart, groups
from app.page import clicks, pictures, show, states, wording
from app.settings import looking, pickers, points
from core.analysis import subgroups
from core.errors import PenumbraError

FACE = 104  # pixels of a face
SHOWN = 12  # people at a time
ENDS = {"least": "Least protected", "most": "Best protected"}

here = looking.look("What else leaks?", protocol="strict")
view = here.view


def unprotected_grid():
    """What leaks without protection; None where that was not measured."""
    if here.unprotected is None:
        return None
    bare = points.nearest(here.rows, here.unprotected["method"], looking.values(here.unprotected))
    return None if bare is None else photographs.grid([bare])


@st.fragment
def heat_map() -> None:
    """Verdict, knob and heat map, and the questions about people at this setting."""
    clicks.follow()
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        row = looking.setting(here)
    offered = attributes.choices(here.rows, row)
    with right:
        along = pickers.choose(
            "Columns", list(offered), "leak_columns", offered.__getitem__, control="segmented",
            help="Settings that differ in one knob, from weak to strong, or all methods side by side.",
        )  # fmt: skip
    settings = attributes.columns(here.rows, row, along)
    table = photographs.grid(settings)
    said, under = attributes.sentence(table, row, unprotected_grid())
    with head:
        show.verdict(said)
        st.caption(under)
    headings = {setting["key"]: attributes.heading(setting, along) for setting in settings}
    order = attributes.ordered(table, row["key"])
    if order:
        figure = chart.heat_map(table, order, headings, row["key"], states.dark())
        show.chart(
            figure, "leaks", lambda: attributes.numbers(table, headings, order),
            chart.alt(table, row["key"]), on_select=lambda: clicks.choose_clicked("chart_leaks", here.rows), selection_mode="points",
            note="Right guesses of the strongest attacker, in %; guessing gives 50. ○ not clearly "
            "better than guessing, ? too weak an attack. Click a column to choose it.",
        )  # fmt: skip
    if row["seeds"] > 1:
        st.caption(f"{row['seeds']:.0f} trainings were measured; the first one is shown here.")
    target = asked()
    with st.expander("For whom does protection fail?", key="leak_groups_open", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            guarded(by_group, row, target)
    with st.expander(
        "Who is protected least?", key="leak_people_open", on_change="rerun"
    ) as folder:
        if folder.open:
            guarded(by_person, row, target)
    with st.expander("How many people have each attribute?", key="leak_sizes_open", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            guarded(sizes, row, target)


def asked() -> str:
    """What the attacker of the questions about people wants: one of those in the sidebar."""
    if len(view.targets) == 1:
        return view.targets[0]
    return pickers.choose("People by", view.targets, "leak_target", wording.target_label, width=240)


def guarded(part, row: dict, target: str) -> None:
    """A part that needs the photographs and what was told about each, or why it is not there."""
    if target == "image":
        st.write(
            "How well a picture was redrawn is kept for a few faces only, not for everybody. Choose "
            "an attribute or “Identity” under “The attacker wants”."
        )
        return
    try:
        part(row, target)
    except PenumbraError as error:
        st.warning(
            f"This cannot be shown: {error}. The figures above are not touched by it.",
            icon=":material/warning:",
        )


def by_group(row: dict, target: str) -> None:
    names = groups.offered(photographs.told(row, target).names)
    usual = [name for name in groups.FIRST if name in names]
    labels = wording.unique_labels(names)
    asked = pickers.several(
        "Groups", names, "leak_groups", labels.__getitem__, usual or names[:1],
        help="People with and without an attribute are compared.",
    )[: groups.MOST]  # fmt: skip
    if not asked:
        st.write("Choose at least one attribute to group people by.")
        return
    found = {name: photographs.groups(row, target, name) for name in asked}
    said = groups.sentence(found, target)
    st.markdown(f"**{said}**")
    table = groups.table({name: each[0] for name, each in found.items()})
    chance = row["chance"] if wording.known(row["chance"]) else None
    show.chart(
        chart.groups(table, chance, states.dark()), "groups",
        table.drop(columns=["text", "label"]), said,
    )  # fmt: skip
    for note in groups.notes(table, target):
        st.caption(note)


def by_person(row: dict, target: str) -> None:
    people = subgroups.persons(photographs.told(row, target))
    faces = photographs.tested(view.dataset, row["run_id"])
    chance = row["chance"] if wording.known(row["chance"]) else None
    st.markdown(f"**{groups.everybody(people, target, chance)}**")
    end = pickers.choose(
        "People", list(ENDS), "leak_people", ENDS.__getitem__, control="segmented",
        help="Least protected: those whom the attacker is right about most reliably.",
    )  # fmt: skip
    shown = people if end == "least" else people[::-1]
    if note := groups.alike(shown, SHOWN):
        st.caption(note)
    with st.container(horizontal=True, gap="small"):
        for number, person in enumerate(shown.head(SHOWN).to_dict("records"), 1):
            with st.container(width=FACE + 24, gap="xxsmall"):
                picture = pictures.enlarged(faces.images[person["example"]], FACE)
                words = groups.person(person, target)
                st.image(picture, width=FACE, output_format="PNG",
                         alt=f"Person {number} of those {ENDS[end].lower()}: {words.replace('**', '')}")  # fmt: skip
                st.caption(words)
    st.caption(
        "Likely: the share drawn towards everybody's, as far as people differ by no more than chance; "
        "in brackets the 95 % interval of the plain share. With so few photographs of each person "
        "the order is rough: it names candidates to look at, not a ranking."
    )
    show.csv(people.drop(columns="example"), "people", "table_people")


def sizes(row: dict, target: str) -> None:
    faces = photographs.tested(view.dataset, row["run_id"])
    show.table(
        groups.sizes(faces), "group-sizes", "How many test photographs and people have each attribute",
        column_config={"Share": st.column_config.NumberColumn(format="percent")},
    )  # fmt: skip


heat_map()
with st.expander("What the words mean"):
    st.markdown(
        "**Attacker**: the strongest of several, trained afterwards on other people's photographs and "
        "told each attribute there; chosen on photographs set aside for it, scored on people nobody "
        "trained on.  \n"
        "**Surprise**, by which the rows are sorted: how much such an attacker gains over guessing on "
        "an attribute that is neither what the service needs nor declared to be hidden, on average "
        "over the columns. Where the 95 % interval reaches down to guessing it counts as 0.  \n"
        "**In % of cases**: right answers when both answers count the same, so that always giving "
        "the commoner answer scores 50 %.  \n"
        "**Stays hidden**: not clearly told better than by guessing. An attacker with more photographs "
        "might still tell it."
    )
looking.ended()
