"""One question of a study on the screen, and the talk with the browser that answers it.

A component of Streamlit's second kind: no frame, no build, nothing fetched; the pictures travel
inside its data, so that none has an address. What it is made of lies in `app/study/question_parts/`: `store.js`
(what the browser keeps), `view.js` (the question), `part.js` (what is told to the server, and what is
drawn of its answers).

The browser is given `number`, `total`, `redrawn`, `options`, `limit`, `confidence` and `remark` of a
question, and nothing else of it: in these, questions of all roles and settings are alike.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

PARTS = Path(__file__).parent / "question_parts"
SCRIPTS = ("store.js", "view.js", "part.js")  # one module: the last one exports
PRACTICE = "This one is for practice and does not count."
AFTER_PRACTICE = {
    True: "That was right. Now it counts.",
    False: "That was somebody else. Now it counts.",
}


@st.cache_resource
def _component() -> Callable[..., Any]:
    """Registered once per process."""
    return st.components.v2.component(
        "penumbra_question",
        html=(PARTS / "question.html").read_text(),
        css=(PARTS / "question.css").read_text(),
        js="\n".join((PARTS / name).read_text() for name in SCRIPTS),
    )


def mount(data: Mapping[str, Any], key: str, heard: Callable[[], None] | None = None) -> Any:
    """Draws what `data` says and returns what the browser said last (or None): hostile until checked.
    `heard` is called before the script runs when that is new."""
    said = _component()(
        key=key, width="stretch", data=dict(data), on_message_change=heard or _nothing,
        on_answer_change=_nothing,
    )  # fmt: skip
    return said


def drawn(question: Mapping[str, Any], confidence: bool) -> dict[str, Any]:
    """What the browser is given of a question of `core.study.participation.taking.current`."""
    remark = PRACTICE if question["role"] == "practice" else ""
    if question["practice_right"] is not None:
        remark = AFTER_PRACTICE[bool(question["practice_right"])]
    return {
        "stage": "question",
        "number": question["number"],
        "total": question["total"],
        "redrawn": _in_page(question["redrawn"]),
        "options": [_in_page(option) for option in question["options"]],
        "limit": question["limit"],
        "confidence": confidence,
        "remark": remark,
    }


def show(question: Mapping[str, Any], key: str, confidence: bool = False) -> dict[str, Any] | None:
    """Draws one question of `core.study.participation.taking.current` or `core.study.studies.sample` by itself, as
    a participant would see it, and returns the answer once: `number`, `place` (on the screen, None
    when time ran out), `milliseconds` (None where they were not measured) and `confidence`; else
    None. Stores nothing."""
    said = mount(drawn(question, confidence) | {"preview": True}, key)
    return said.answer if isinstance(said.answer, dict) else None


def _in_page(png: bytes) -> str:
    """A PNG as it is, in a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _nothing() -> None:
    """What the browser said is read when the script runs."""
