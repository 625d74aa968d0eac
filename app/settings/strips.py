"""What a setting can be followed along: its knobs, and whatever entry of the schedule differs among
settings that are the same in all else, such as the layer that is released. Pure Python."""

from collections.abc import Sequence
from typing import NamedTuple

from app.page import wording
from app.settings import points, variants
from app.settings.points import Line, Row, Rows
from core import results
from core.methods import METHODS


class Strip(NamedTuple):
    """Settings that differ in one thing only.

    name   of the knob or the entry of the schedule
    title  in words or as its symbol
    steps  (what it is there, the setting), a knob's from weak to strong protection
    knob   whether it is one
    """

    name: str
    title: str
    steps: tuple[tuple[str, Row], ...]
    knob: bool = True

    @property
    def label(self) -> str:
        """Its title by itself, as in a picker; a symbol keeps its case."""
        return self.title if self.knob else wording.capital(self.title)

    @property
    def heading(self) -> str:
        """How the title of pictures along it goes on: "The same face, …"."""
        return "from weak to strong protection" if self.knob else f"by {self.title}"


def strips(every: Rows, lines: Sequence[Line], row: Row) -> list[Strip]:
    """What `row` can be followed along; `lines` are the curves of its knobs, `every` the settings of
    all variants of its method."""
    by_key = {setting["key"]: setting for setting in every}
    found = []
    for line in lines:
        if line.knob is not None:
            settings = [by_key[key] for key in line.keys]
            steps = tuple((step_name(line, setting), setting) for setting in settings)
            found.append(Strip(line.knob.name, line.knob.symbol, steps))
    return found + _along_entries(every, row)


def step_name(line: Line, setting: Row) -> str:
    """ "λ₁ = 1" of a setting on a line."""
    assert line.knob is not None
    return f"{line.knob.symbol} = {setting[f'knob:{line.knob.name}']:g}"


def entries(row: Row) -> dict[str, float]:
    """The whole schedule of a setting: its preset's, with what it replaces."""
    preset = METHODS[row["method"]].presets.get(row["preset"], {})
    return dict(preset.get("schedule", {})) | results.schedule_of(row["schedule"])


def _along_entries(every: Rows, row: Row) -> list[Strip]:
    method, here = METHODS[row["method"]], entries(row)
    alike = [
        (setting, entries(setting))
        for setting in points.of_method(every, row["method"], points.knob_values(row))
        if all(setting[name] == row[name] for name in ("preset", "tasks", "private"))
    ]
    found = []
    for name in method.presets.get(row["preset"], {}).get("schedule", {}):
        rest = {entry: value for entry, value in here.items() if entry != name}
        members = {
            schedule[name]: setting
            for setting, schedule in alike
            if schedule == rest | {name: schedule[name]}
        }
        if len(members) > 1:
            steps = tuple(
                (variants.entry_words(method.name, name, value), members[value])
                for value in sorted(members)
            )
            found.append(Strip(name, name.replace("_", " "), steps, knob=False))
    return found
