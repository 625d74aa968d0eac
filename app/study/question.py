"""One question of a study on the screen, and the talk with the browser that answers it.

The pictures travel inside its component's data, so that none has an address. In what the browser is
given (`drawn`), questions of all roles and settings are alike.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.page import pictures
from app.page.components import component

PARTS = Path(__file__).parent / "question_parts"
SCRIPTS = ("store.js", "view.js", "part.js")  # one module: the last one exports
PRACTICE = "This one is for practice and does not count."
AFTER_PRACTICE = {
    True: "That was right. Now it counts.",
    False: "That was somebody else. Now it counts.",
}


def mount(data: Mapping[str, Any], key: str, heard: Callable[[], None] | None = None) -> Any:
    """Draws what `data` says and returns what the browser said last (or None): hostile until
    checked. `heard` is called before the script runs when that is new."""
    listen = {"on_message_change": heard or (lambda: None), "on_answer_change": lambda: None}
    part = component("question", PARTS, SCRIPTS)
    return part(key=key, width="stretch", data=dict(data), **listen)


def drawn(question: Mapping[str, Any], confidence: bool) -> dict[str, Any]:
    """What the browser is given of a question of `core.study.participation.taking.current`."""
    remark = PRACTICE if question["role"] == "practice" else ""
    if question["practice_right"] is not None:
        remark = AFTER_PRACTICE[bool(question["practice_right"])]
    return {
        "stage": "question",
        "number": question["number"],
        "total": question["total"],
        "redrawn": pictures.data_url(question["redrawn"]),
        "options": [pictures.data_url(option) for option in question["options"]],
        "limit": question["limit"],
        "confidence": confidence,
        "remark": remark,
    }


def show(question: Mapping[str, Any], key: str, confidence: bool = False) -> dict[str, Any] | None:
    """Draws one question of `core.study.studies.sample` by itself, as a participant would see it,
    and returns the answer once: `number`, `place` (on the screen, None when time ran out),
    `milliseconds` (None where they were not measured) and `confidence`; else None. Stores
    nothing."""
    said = mount(drawn(question, confidence) | {"preview": True}, key)
    return said.answer if isinstance(said.answer, dict) else None
