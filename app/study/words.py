"""Studies in words: what a design comes to, how far a study is. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app.page import wording
from app.settings import points, variants
from core.methods import METHODS
from core.study.analysis import statistics

# state -> (word, badge colour, icon)
STATES = {
    "draft": ("draft", "gray", ":material/edit:"),
    "preparing": ("drawing its pictures", "orange", ":material/brush:"),
    "ready": ("ready to open", "blue", ":material/task_alt:"),
    "open": ("open", "green", ":material/play_arrow:"),
    "closed": ("closed", "gray", ":material/lock:"),
    "failed": ("could not be prepared", "red", ":material/error:"),
}


def labels(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Key of a setting -> “DeepObfuscator, λ₁ = 1, λ₂ = 1”, with its variant where there are
    several."""
    found = {}
    for row in rows:
        among = variants.keys(rows, row["method"])
        variant = variants.label(row["method"], variants.key(row), among) if len(among) > 1 else ""
        found[row["key"]] = ", ".join(filter(None, (points.name(row), variant)))
    return found


def usual(rows: Sequence[Mapping[str, Any]], most: int) -> list[str]:
    """Keys to begin with: of the first method with a knob, weak to strong, with both ends."""
    line = next((line for line in points.lines(list(rows)) if line.knob is not None), None)
    if line is None:
        return [row["key"] for row in rows[:1]]
    places = np.linspace(0, len(line.keys) - 1, min(most, len(line.keys))).round()
    return [line.keys[int(place)] for place in places]


def published_setting(
    rows: Sequence[dict[str, Any]], drew: Callable[[points.Row], str | None]
) -> dict[str, Any] | None:
    """The setting to ask about as in a paper that shows what its own decoder redraws: of the first
    such method, its knobs nearest to their defaults. `drew` names a setting's decoder whose pictures
    were kept; None where there is no such setting."""
    for name in dict.fromkeys(row["method"] for row in rows):
        able = [row for row in rows if row["method"] == name and METHODS[name].own_pictures]
        row = points.nearest(able, name, {})
        if row is not None and (decoder := drew(row)):
            return points.where(row)._asdict() | {"attacker": decoder}
    return None


def promise(design: Mapping[str, Any]) -> tuple[str, str]:
    """(what it will be, how sure it will be) of a checked design: two sentences."""
    count = len(design["settings"])
    chance = 1 / design["options"]
    what = (
        f"{_many(design['questions'], 'question')} on {_many(count, 'setting')}, "
        f"{design['options']} photographs each: guessing is right in {wording.percent(chance)}."
    )
    if design["target"] is None:
        width = wording.points(design["stop_width"])
        goal = f"each setting's interval is narrower than {width}"
        return what, f"It goes on until {goal}, however many people that takes."
    each = design["target"] * design["questions"] // count  # answers
    low, high = statistics.wilson(round(chance * each), each)
    sure = (
        f"{_many(design['target'], 'participant')} give each setting {each:,} answers. If people only "
        f"guess, its interval will be about {100 * (high - low):.0f} points wide "
        f"({wording.interval(low, high)})."
    )
    if design["stop_width"] is not None:
        sure += f" It ends sooner when all intervals are narrower than {wording.points(design['stop_width'])}."
    return what, sure


def progress(study: Mapping[str, Any]) -> tuple[float, str]:
    """(share in [0, 1], words) of how far a study of `core.study.studies.read` is."""
    if study["state"] == "preparing":
        wanted = max(1, study["wanted"])
        return min(1.0, study["done"] / wanted), "Faces are being redrawn; this page may be closed."
    target = study["design"]["target"]
    done = study["finished"]
    words = f"{_many(study['participants'], 'participant')}, {done} finished, {study['answers']:,} answers"
    if study["withdrawn"]:
        words += f", {study['withdrawn']} withdrew"
    if target is None:
        return 0.0, words
    return min(1.0, done / target), f"{words}; enough at {target:,}"


def headline(studies: Sequence[Mapping[str, Any]]) -> str:
    if not studies:
        return "No study yet: set one up below, look through it, and send its link."
    running = [study for study in studies if study["state"] == "open"]
    people = sum(study["participants"] for study in studies)
    text = f"{len(studies)} {'studies' if len(studies) > 1 else 'study'}, {len(running)} open"
    return f"{text}; {_many(people, 'person', 'people')} took part so far."


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
