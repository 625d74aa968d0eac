"""The form in which an officer says what a study asks: widgets in, a design for
`core.study.design.check` out. What was typed stays while the session lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.cache import loaders
from app.page import wording
from app.reconstructions import attackers as redrawers
from app.settings import pickers, points
from app.settings.views import View
from app.study import words
from core.errors import PenumbraError
from core.own_photograph import redraw
from core.study import design as asked

FIRST = redraw.ATTACKER  # its network is kept: it can redraw any number of faces
USUAL_SETTINGS = 3
MATCHED = ("Male", "Young")  # gender and age: what sets people apart at first sight
KEPT: dict[str, Any] = {"persist_state": "session"}
TEMPLATE = "study_template"  # session key: a design whose values the form takes over
NO_PHOTOGRAPHS = "synthetic"  # nobody's photographs


def form() -> dict[str, Any] | None:
    """The design as the widgets have it, unchecked; None where there is nothing to choose from."""
    _take_template()
    with st.sidebar:
        dataset, preset = pickers.dataset()
    rows = _rows(dataset, preset)
    if not rows:
        st.info(
            "No setting of this data set has redrawn pictures to ask about. Train one and attack it, "
            "or choose another data set.",
            icon=":material/info:",
        )
        return None
    left, right = st.columns(2, gap="large")
    with left:
        found = _shown(dataset, preset, rows)
        found |= _enough()
    with right:
        found |= _asked(loaders.about(dataset)["attributes"], found["people"])
        found |= _told()
    return found


def _rows(dataset: str, preset: str) -> list[dict[str, Any]]:
    """Every setting of the data set whose pictures were redrawn strictly."""
    tasks = loaders.offered("tasks", dataset, preset)
    found: dict[str, dict[str, Any]] = {}
    for task in tasks:
        view = View(dataset, preset, task, "image", "strict")
        for row in points.records(loaders.settings(view)):
            found.setdefault(row["key"], row)
    return list(found.values())


def _shown(dataset: str, preset: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Title, settings and attackers."""
    title = st.text_input("Title", "Who is this?", key="study_title", help="Participants see it.",
                          max_chars=asked.LENGTHS["title"], **KEPT)  # fmt: skip
    by_key = {row["key"]: row for row in rows}
    labels = words.labels(rows)
    key = f"study_settings_{dataset}_{preset}"
    st.session_state.setdefault(key, words.usual(rows, USUAL_SETTINGS))
    st.session_state[key] = [k for k in st.session_state[key] if k in by_key]
    chosen = st.multiselect(
        "Settings whose redrawn faces are shown", list(by_key), key=key, format_func=labels.__getitem__,
        max_selections=asked.MOST_SETTINGS, **KEPT,
        help="Every participant sees faces of all of them, equally often. Fewer settings give more "
        "answers for each.",
    )  # fmt: skip
    places = [
        {"dataset": dataset, "run_id": by_key[k]["run_id"],
         "release_value": redrawers.release_value(by_key[k])}
        for k in chosen
    ]  # fmt: skip
    attackers, counts = _attackers(places)
    people = min((counts[name] for name in attackers), default=asked.COUNTS["people"][1])
    if dataset != NO_PHOTOGRAPHS:
        st.warning(
            f"“{dataset}” shows real people. Everybody who has the link will see their photographs: "
            "make sure that they agreed to that, and write to whom participants can turn.",
            icon=":material/groups:",
        )
    settings = [place | {"attacker": name} for place in places for name in attackers]
    most = max(asked.COUNTS["people"][0], min(people, asked.COUNTS["people"][1]))
    _within("study_people", asked.DEFAULTS["people"], most)
    number = st.number_input(
        "People asked about", *(asked.COUNTS["people"][0], most), key="study_people", **KEPT,
        help=f"Each is asked about at every setting, never twice of one participant. More people make "
        f"the result hold for more faces. At most {most} here.",
    )  # fmt: skip
    return {"title": title, "settings": settings, "people": int(number)}


def _attackers(places: Sequence[Mapping[str, Any]]) -> tuple[list[str], dict[str, int]]:
    """Who redrew, and how many faces each can be asked about at all chosen settings."""
    counts: dict[str, int] = {}
    for number, place in enumerate(places):
        try:
            here = loaders.study_pictures(place)["attackers"]
        except PenumbraError as error:
            st.warning(str(error), icon=":material/warning:")
            continue
        counts = {
            name: min(here[name], counts.get(name, here[name]))
            for name in (here if number == 0 else counts)
            if name in here
        }
    if not counts:
        return [], {}
    names = sorted(counts, key=lambda name: (name != FIRST, name))
    st.session_state.setdefault("study_attackers", names[:1])
    kept = [name for name in st.session_state["study_attackers"] if name in counts]
    st.session_state["study_attackers"] = kept or names[:1]
    chosen = st.multiselect(
        "Redrawn by", names, key="study_attackers", **KEPT,
        format_func=lambda name: f"{redrawers.label(name)} ({counts[name]} faces)",
        help="An attacker whose network is kept can redraw every test face; of others the pictures "
        "are there that were kept with the findings.",
    )  # fmt: skip
    return chosen, counts


def _asked(attributes: Mapping[str, Any], people: int) -> dict[str, Any]:
    """What one participant is asked, nobody twice about one of the `people`, and how hard it is."""
    with st.container(horizontal=True):
        questions = _count("Questions", "questions", "For each participant, besides practice and "
                           "attention checks. Nobody is asked about one person twice.", people)  # fmt: skip
        options = _count("Photographs to choose from", "options", "Guessing is right in one of so many.")  # fmt: skip
    distractors = _one_of(
        "The other photographs show", "distractors", {"random": "Anybody", "matched": "People who look alike"},
        "Among people who share gender and age nobody is found by those alone: harder, and closer to "
        "what a real attacker does.",
    )  # fmt: skip
    matched: list[str] = []
    if distractors == "matched":
        label = wording.unique_labels(list(attributes), wording.attribute_label).__getitem__
        st.session_state.setdefault("study_matched_on", [n for n in MATCHED if n in attributes])
        st.session_state["study_matched_on"] = [
            name for name in st.session_state["study_matched_on"] if name in attributes
        ]
        matched = st.multiselect("They share", list(attributes), key="study_matched_on",
                                 format_func=label, max_selections=asked.MOST_MATCHED, **KEPT)  # fmt: skip
    photograph = _one_of(
        "The right photograph is", "photograph",
        {"other": "Another of the person", "same": "The redrawn one itself"},
        "An attacker who looks for a person has other photographs of them. With the very one, light and "
        "pose give it away as well.",
    )  # fmt: skip
    with st.container(horizontal=True):
        practice = st.toggle("Practice question", True, key="study_practice", **KEPT,
                             help="An unprotected face first; afterwards it is said who it was.")  # fmt: skip
        confidence = st.toggle("Ask how sure they are", False, key="study_confidence", **KEPT)
    with st.container(horizontal=True):
        attention = _count("Attention checks", "attention",
                           "Questions with an unprotected face, which everybody should get.")  # fmt: skip
        low, high = asked.TIME_LIMIT
        limit = st.number_input("Seconds for a question", low, high, None, key="study_time_limit",
                                placeholder="no limit", width=190, **KEPT)  # fmt: skip
    return {
        "questions": questions, "options": options, "distractors": distractors, "matched_on": matched,
        "photograph": photograph, "practice": practice, "confidence": confidence,
        "attention": attention, "time_limit": None if limit is None else int(limit),
    }  # fmt: skip


def _told() -> dict[str, Any]:
    """What participants read."""
    contact = st.text_input("Whom participants can turn to", key="study_contact", **KEPT,
                            max_chars=asked.LENGTHS["contact"], placeholder="A name and an address",
                            help="Stands under the consent text.")  # fmt: skip
    with st.expander("What participants consent to"):
        consent = st.text_area("Consent text", asked.CONSENT, height=340, key="study_consent", **KEPT,
                               max_chars=asked.LENGTHS["consent"],
                               help="Markdown. The text that stands here says what Penumbra keeps; add who "
                               "you are and the legal basis.")  # fmt: skip
        completion = st.text_input("Last words", key="study_completion", **KEPT,
                                   max_chars=asked.LENGTHS["completion"],
                                   placeholder="For example the code that a panel asks for")  # fmt: skip
    return {"contact": contact, "consent": consent, "completion": completion}


def _enough() -> dict[str, Any]:
    """When the study lets nobody else in."""
    with st.container(horizontal=True):
        low, high = asked.TARGET
        st.session_state.setdefault("study_target", asked.DEFAULTS["target"])  # may be emptied
        target = st.number_input("Enough participants", low, high, None, key="study_target",
                                 placeholder="no number", width=170, **KEPT,
                                 help="The study closes itself then.")  # fmt: skip
        narrow, wide = (100 * share for share in asked.STOP_WIDTH)
        points_wide = st.number_input(
            "or interval (points)", narrow, wide, None, 1.0, key="study_stop_width", format="%g",
            placeholder="not used", width=170, **KEPT,
            help="Sequential stopping: the study closes itself when every setting's 95 % interval is "
            "narrower than so many percentage points. How narrow it is does not depend on whether the "
            "result pleases, so that stopping then does not favour one.",
        )  # fmt: skip
    return {
        "target": None if target is None else int(target),
        "stop_width": None if points_wide is None else points_wide / 100,
    }


def _count(label: str, name: str, help: str, most: int | None = None) -> int:
    low, high = asked.COUNTS[name]
    high = high if most is None else min(most, high)
    key = f"study_{name}"
    _within(key, asked.DEFAULTS[name], high)
    return int(st.number_input(label, low, high, key=key, help=help, width=190, **KEPT))


def _within(key: str, usual: int, most: int) -> None:
    """Keep a number under `most`; one that was as small as it had to be grows again with that."""
    held = st.session_state.get(key, usual)
    if held == st.session_state.get(f"{key}_most"):
        held = max(held, usual)
    st.session_state[key], st.session_state[f"{key}_most"] = min(held, most), most


def _one_of(label: str, name: str, options: Mapping[str, str], help: str) -> str:
    return st.segmented_control(label, list(options), key=f"study_{name}", default=asked.DEFAULTS[name],
                                format_func=options.__getitem__, required=True, help=help, **KEPT)  # fmt: skip


def use_as_template(design: Mapping[str, Any]) -> None:
    """A callback: the form takes over a design's values at its next run."""
    st.session_state[TEMPLATE] = dict(design)


def _take_template() -> None:
    design = st.session_state.pop(TEMPLATE, None)
    if design is None:
        return
    st.session_state["data"] = design["settings"][0]["dataset"]
    for name, value in design.items():
        if name == "stop_width" and value is not None:
            value = 100 * value
        if name != "settings":
            st.session_state[f"study_{name}"] = value
    st.session_state["study_attackers"] = list(dict.fromkeys(s["attacker"] for s in design["settings"]))  # fmt: skip
    keys = list(dict.fromkeys(asked.setting_key(s) for s in design["settings"]))
    for preset in loaders.offered("presets", design["settings"][0]["dataset"]):
        st.session_state[f"study_settings_{design['settings'][0]['dataset']}_{preset}"] = keys
