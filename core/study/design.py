"""What a study asks: a plain dict, checked here and frozen when the study opens."""

import re
from collections.abc import Mapping
from typing import Any

from core.errors import PenumbraError
from core.run import NAME, RUN_ID
from core.storage.attack_folders import at_value

ATTRIBUTE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
ATTACKER = re.compile(r"[a-z0-9_]{1,60}")
DISTRACTORS = ("random", "matched")
PHOTOGRAPHS = ("other", "same")
MOST_SETTINGS = 12
MOST_MATCHED = 6
# field -> (lowest, highest) of whole numbers
COUNTS = {"questions": (1, 40), "options": (2, 8), "people": (4, 120), "attention": (0, 5)}
LENGTHS = {"title": 120, "consent": 8000, "contact": 300, "completion": 500}  # characters
TIME_LIMIT = (5, 300)  # seconds for one question
TARGET = (1, 100_000)  # participants
STOP_WIDTH = (0.02, 0.8)  # whole width of a 95 % interval
# Everything that may be below a space in what officers and participants write.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

CONSENT = """**What you are asked.** You see one face that a computer redrew, and photographs of several people. \
Choose the person whom the redrawn face shows. There is no trick; guess when you are not sure.

**What is kept.** Your choices, how long each took, when you gave it, and, where you are asked, how sure \
you were. No name, no address of your device. If a panel sent you, the id that it has given you is kept \
apart from your answers. Your browser remembers a random number and an answer that is under way, so that \
you can go on after an interruption and find your code again.

**Your rights.** Taking part is voluntary; you can close the page at any time. At the end you get a \
code with which you can have everything that is kept about you deleted.

**What it is for.** The answers are used to judge how well a technique protects faces."""

DEFAULTS: dict[str, Any] = {
    "title": "",
    "settings": [],  # {"dataset", "run_id", "release_value" (or None), "attacker"}
    "questions": 10,
    "options": 4,
    "distractors": "random",  # or people who share the attributes in `matched_on`
    "matched_on": [],
    "photograph": "other",  # the right option is another photograph of the person, or the same
    "people": 24,  # whose faces are asked about; those of practice and attention come on top
    "practice": True,
    "attention": 2,  # questions with an unprotected face, to see who looks
    "time_limit": None,  # seconds, or None
    "confidence": False,
    "consent": CONSENT,
    "contact": "",
    "target": 40,  # participants after whom nobody new is let in, or None
    "stop_width": None,  # likewise when all settings' intervals are narrower, or None
    "completion": "",  # what a panel's participants are told at the end, for example a code
}

# DeepObfuscator's "Human Perceptual Study" (section 4.4): ten faces, each with four raw images, asked
# of forty people. Whether the right one is the very photograph that was redrawn is not said.
PUBLISHED: dict[str, Any] = {
    "questions": 10,
    "options": 4,
    "people": 10,
    "distractors": "random",
    "photograph": "same",
    "practice": False,
    "attention": 0,
    "time_limit": None,
    "confidence": False,
    "target": 40,
    "stop_width": None,
}


def check(design: Mapping[str, Any]) -> dict[str, Any]:
    """The design with its defaults filled in, every value checked and texts stripped.

    Raises PenumbraError that names the first field that is wrong and what it may be. What depends
    on the runs (do they exist, are there enough people) is checked by `core.study.material.stimuli`.
    """
    unknown = set(design) - set(DEFAULTS)
    if unknown:
        raise PenumbraError(f"a study has no field {sorted(unknown)[0][:60]!r}")
    found = DEFAULTS | dict(design)
    for name, most in LENGTHS.items():
        found[name] = text(name, found[name], most)
    if not found["title"]:
        raise PenumbraError("give the study a title: participants see it")
    if not found["consent"]:
        raise PenumbraError("write what participants consent to")
    for name, bounds in COUNTS.items():
        _number(name, found[name], bounds)
    for name, bounds in {"time_limit": TIME_LIMIT, "target": TARGET}.items():
        if found[name] is not None:
            _number(name, found[name], bounds)
    if found["stop_width"] is not None:
        found["stop_width"] = float(_number("stop_width", found["stop_width"], STOP_WIDTH, False))
    for name in ("practice", "confidence"):
        if not isinstance(found[name], bool):
            raise PenumbraError(f"{name} is yes or no, not {found[name]!r}")
    for name, among in {"distractors": DISTRACTORS, "photograph": PHOTOGRAPHS}.items():
        if found[name] not in among:
            raise PenumbraError(f"{name} is one of {', '.join(among)}, not {found[name]!r}")
    found["matched_on"] = _matched(found["distractors"], found["matched_on"])
    found["settings"] = _settings(found["settings"])
    if found["target"] is None and found["stop_width"] is None:
        raise PenumbraError(
            "say when the study has enough answers: a number of participants, or the width of the "
            "interval that is narrow enough"
        )
    if found["people"] < found["questions"]:
        raise PenumbraError(
            f"nobody is asked about one person twice: for {found['questions']} questions ask about "
            f"{found['questions']} people or more, not {found['people']}"
        )
    return found


def text(name: str, value: Any, most: int) -> str:
    """A text of at most `most` characters, stripped. Raises PenumbraError for anything else, and for
    characters that cannot be seen or turn the reading direction."""
    if not isinstance(value, str):
        raise PenumbraError(f"{name} is a text, not {type(value).__name__}")
    value = value.replace("\r\n", "\n").strip()
    if len(value) > most:
        raise PenumbraError(f"{name} has {len(value)} characters; at most {most} are kept")
    if CONTROL.search(value):
        raise PenumbraError(f"{name} holds characters that cannot be seen; type it anew")
    return value


def _number(name: str, value: Any, bounds: tuple[float, float], whole: bool = True) -> float:
    low, high = bounds
    kind = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        what = "whole number" if whole else "share"
        raise PenumbraError(f"{name} is a {what} from {low:g} to {high:g}, not {value!r:.60}")
    return value


def _matched(distractors: str, names: Any) -> list[str]:
    proper = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not proper or not all(ATTRIBUTE.fullmatch(name) for name in names):
        raise PenumbraError("matched_on is a list of attribute names")
    if distractors == "matched" and not 1 <= len(names) <= MOST_MATCHED:
        raise PenumbraError(f"matched distractors share 1 to {MOST_MATCHED} attributes: name them")
    return list(dict.fromkeys(names)) if distractors == "matched" else []


def _settings(settings: Any) -> list[dict[str, Any]]:
    if not isinstance(settings, list) or not 1 <= len(settings) <= MOST_SETTINGS:
        raise PenumbraError(f"choose 1 to {MOST_SETTINGS} settings whose redrawn faces are shown")
    found = [_setting(setting) for setting in settings]
    if len({entry["dataset"] for entry in found}) > 1:
        raise PenumbraError("all settings of a study are of one data set: the people are the same")
    if len({setting_key(s) + s["attacker"] for s in found}) < len(found):
        raise PenumbraError("one setting stands twice in the list: leave one out")
    return found


def _setting(setting: Any) -> dict[str, Any]:
    names = {"dataset": NAME, "run_id": RUN_ID, "attacker": ATTACKER}
    if not isinstance(setting, Mapping) or set(setting) != {*names, "release_value"}:
        raise PenumbraError(
            "a setting of a study has dataset, run_id, release_value and attacker, nothing else"
        )
    for name, pattern in names.items():
        if not isinstance(setting[name], str) or not pattern.fullmatch(setting[name]):
            raise PenumbraError(f"{setting[name]!r:.60} is no {name.replace('_', ' ')}")
    value = setting["release_value"]
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
            raise PenumbraError(f"{value!r:.60} is no release value: a number, or nothing")
        value = float(value)
    return {name: setting[name] for name in names} | {"release_value": value}


def total(design: Mapping[str, Any]) -> int:
    """Questions of all kinds that a participant is asked."""
    return design["questions"] + design["attention"] + int(design["practice"])


def setting_key(setting: Mapping[str, Any]) -> str:
    """`<run_id>` or `<run_id>@<release value>`, as `app.settings.outcomes.settings` has it in `key`."""
    return at_value(setting["run_id"], setting["release_value"])
