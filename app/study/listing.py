"""The studies that there are: how far each is, its link, and what can be done with it."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from app.access import LOCAL_NAMES
from app.page import states, wording
from app.study import form, question, words
from core.errors import PenumbraError
from core.study import studies

EVERY = 1.5  # seconds between looks while pictures are being made
SLOWLY = 10.0  # seconds between looks at an open study
ERROR = "study_error"  # session key
PREVIEWED = "study_previewed"  # session key: (study, questions of the preview, place)
MAKE = ("Make its pictures", ":material/brush:", studies.start_preparing)
OPEN = ("Open the study", ":material/play_arrow:", studies.open_study)
CLOSE = ("Close the study", ":material/lock:", studies.close_study)
ACTIONS = {  # state of a study -> what can be done, and whether that is what comes next
    "draft": (MAKE, "primary"),
    "failed": (MAKE, "primary"),
    "ready": (OPEN, "primary"),
    "open": (CLOSE, "secondary"),
    "closed": (OPEN, "secondary"),
}


def listing() -> None:
    """All studies, newest first; redrawn by itself while one of them moves."""
    found = {study["state"] for study in studies.list_studies()}
    every = EVERY if "preparing" in found else SLOWLY if "open" in found else None
    st.fragment(_cards, run_every=every)(found)


def _cards(watched: set[str]) -> None:
    found = studies.list_studies()
    if {study["state"] for study in found} != watched:
        st.rerun()  # the state decides how often to look
    states.failed(ERROR)
    for study in found:
        _card(study)


def _card(study: Mapping[str, Any]) -> None:
    word, colour, icon = words.STATES[study["state"]]
    share, text = words.progress(study)
    with st.container(border=True, key=f"study_{study['id']}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{_plain(study['title'])}**", width="stretch")
            st.badge(word, color=colour, icon=icon)
        if study["state"] == "preparing" or (study["design"]["target"] and study["participants"]):
            st.progress(share, text)
        elif study["state"] not in ("failed", "draft"):
            st.caption(text)
        if study["message"]:
            st.caption(study["message"])
        if study["state"] in ("open", "ready"):
            _link(study)
        _buttons(study)


def _link(study: Mapping[str, Any]) -> None:
    address, here = link(study["id"], st.context.url, st.get_option("server.baseUrlPath"))
    st.code(address, language=None, wrap_lines=True)
    opened = study["state"] == "open"
    text = "The link for participants." if opened else "The link, once it is open."
    if here:
        text += (
            " It works on this machine only: serve Penumbra to others first, as docs/study.md says."
        )
    st.caption(text)


def link(study_id: str, url: str | None, base: str) -> tuple[str, bool]:
    """(address of a study's page, whether only this machine reaches it) for a page open at `url`."""
    found = urlsplit(url or "")
    place = f"{found.scheme}://{found.netloc}" if found.netloc else ""
    folder = f"/{base.strip('/')}" if base.strip("/") else ""
    return f"{place}{folder}/?study={study_id}", found.hostname in LOCAL_NAMES or not found.netloc


def _buttons(study: Mapping[str, Any]) -> None:
    name, state = study["id"], study["state"]
    with st.container(horizontal=True, gap="small"):
        if state in ACTIONS:
            (label, icon, act), kind = ACTIONS[state]
            _button(label, icon, name, act, kind)
        look = {"key": f"preview_{name}", "icon": ":material/visibility:"}
        if state in ("ready", "open", "closed") and st.button("Look through it", **look):
            st.session_state[PREVIEWED] = None
            _preview(study)
        answered = study["participants"] or study["simulated"]
        if answered and st.button("Results", key=f"results_{name}", icon=":material/insights:"):
            st.session_state["results_of"] = name
            st.switch_page("../pages/study_results.py")
        copy = {"on_click": form.use_as_template, "args": (study["design"],)}
        copy |= {"key": f"template_{name}", "icon": ":material/content_copy:"}
        st.button("Use as template", **copy)
        with st.popover("Delete", icon=":material/delete:", disabled=state == "preparing"):
            st.write(
                f"The study, its pictures and the answers of {study['participants']} participants "
                "are deleted for good. Export what you need first."
            )
            _button("Delete it all", ":material/delete_forever:", name, studies.delete, "primary")


def _button(label: str, icon: str, name: str, act: Callable[[str], None], kind: str) -> None:
    more: dict[str, Any] = {"on_click": states.tried, "args": (ERROR, act, name)}
    st.button(label, key=f"{label}_{name}", icon=icon, type=kind, **more)


@st.dialog("What a participant sees", width="medium", icon=":material/visibility:")
def _preview(study: Mapping[str, Any]) -> None:
    """The consent text and the questions of one made-up participant; nothing is kept."""
    held = st.session_state.get(PREVIEWED)
    if held is None or held[0] != study["id"]:
        try:
            held = (study["id"], studies.sample(study["id"], seed=0), 0)
        except PenumbraError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.session_state[PREVIEWED] = held
    name, asked, place = held
    st.caption("Nothing you do here is kept.")
    with st.expander("What they agree to first"):
        st.markdown(wording.without_pictures(study["design"]["consent"]))
        st.write(_plain(study["design"]["contact"]))
    if place >= len(asked):
        st.write("That was the last question. Participants now see their code for withdrawal.")
        st.write(_plain(study["design"]["completion"]))
        return
    if question.show(asked[place], f"preview_{name}_{place}", study["design"]["confidence"]):
        st.session_state[PREVIEWED] = (name, asked, place + 1)
        st.rerun(scope="fragment")


def _plain(text: str) -> str:
    """An officer's words without Markdown's signs."""
    return re.sub(r"[\\`*_\[\]<>#$:~]", r"\\\g<0>", text)
