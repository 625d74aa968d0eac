"""Published numbers beside ours: which of our settings is the very one, and what was measured of it.
Pure, and without torch."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import results
from core.attacks.attackers import BEST_HEAD, OWN_NETWORKS, WORST_CASE
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.metrics.intervals import difference
from core.published import METRICS, counterparts
from core.published.counterparts import NOTHING, Counterpart
from core.storage.attack_folders import parted

# A setting of ours: `method`, `dataset`, its `source`, `preset`, `tasks` and `private` (tuples), `schedule` and
# `knobs` (dicts, the release-time knob among the latter), `recipe`, `run_ids`; `numbers`, (protocol,
# target, attacker, metric) -> `Number`, over seeds; `weak`, those keys whose attack proves nothing.
Setting = dict[str, Any]
Settings = Sequence[Setting]
KINDS = {name for metric in METRICS.values() for name in metric.ours if name}
SIDES = {"as_paper": "paper", "strict": "strict"}  # whose number: under which protocol
# What people call the papers' data sets, as the names and sources of ours begin.
DATASETS = {"CelebA": "celeba", "VGG Face": "vgg"}
NO_SOURCES: Mapping[str, str] = MappingProxyType({})


class Number(NamedTuple):
    """A value, what a guesser scores, and its 95 % interval; NaN where unknown."""

    value: float
    chance: float = math.nan
    low: float = math.nan
    high: float = math.nan


class Pair(NamedTuple):
    """A published row and what we have beside it.

    row      of `core.published.published`
    missing  why there is nothing of ours: a key of `counterparts.REASONS`, where there can be
             nothing, or of `reasons.MISSING`; "" where there is
    setting  ours
    numbers  by `SIDES`: as the paper asks, and strict; what was not measured is left out
    metric   what ours is measured in
    remarks  of `counterparts.REMARKS`
    """

    row: dict[str, Any]
    missing: str = ""
    setting: Setting | None = None
    numbers: Mapping[str, Number] = {}
    metric: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        return not self.missing

    def value(self, side: str) -> float | None:
        return self.numbers[side].value if side in self.numbers else None

    @property
    def as_paper(self) -> float | None:
        return self.value("as_paper")

    @property
    def strict(self) -> float | None:
        return self.value("strict")

    @property
    def chance(self) -> float | None:
        guesses = [n.chance for n in self.numbers.values() if not math.isnan(n.chance)]
        return guesses[0] if guesses else None


def measured(findings: pd.DataFrame, sources: Mapping[str, str] = NO_SOURCES) -> list[Setting]:
    """Our own settings, from `core.results.findings`.

    sources  data set -> the kind of source it was registered from (`core.data.catalogue`)
    """
    plain = findings["attacker"].map(lambda name: parted(str(name))[0])
    rows = findings[plain.isin(counterparts.attackers()) & findings["metric"].isin(KINDS)]
    rows = rows[rows["method"].isin(list(METHODS))]
    rows = rows.assign(schedule=rows["schedule"].fillna(""), conclusive=rows["conclusive"] == True)  # noqa: E712
    knobs = [column for column in map(str, rows.columns) if column.startswith("knob:")]
    run = ["dataset", "preset", "method", "tasks", "private", "schedule", "release_value", *knobs]
    key = ["protocol", "target", "attacker", "metric"]
    groups = rows.groupby([*run, *key], dropna=False, sort=False)
    over_seeds = {"value": "mean", "chance": "mean", "low": "min", "high": "max"}
    table = groups.agg(over_seeds | {"conclusive": "all", "run_id": "unique"})
    found: dict[tuple[Any, ...], Setting] = {}
    for entry, value, chance, low, high, sure, run_ids in table.itertuples():
        entry = tuple(None if v != v else v for v in entry)  # NaN is not itself
        setting = found.get(entry[: len(run)])
        if setting is None:
            setting = found[entry[: len(run)]] = described(dict(zip(run, entry, strict=False)))
            setting["source"] = sources.get(setting["dataset"], "")
        setting["run_ids"].update(run_ids)
        if sure:
            numbers = (value, chance, low, high)
            setting["numbers"][entry[len(run) :]] = Number(*(_float(n) for n in numbers))
        else:
            setting["weak"].add(entry[len(run) :])
    return list(found.values())


def _float(value: Any) -> float:
    return math.nan if value is None else float(value)


def described(entry: Mapping[str, Any]) -> Setting:
    """A setting from what `core.results.describe` says of its run, nothing of it measured yet."""
    method = METHODS[entry["method"]]
    knobs = {}
    for knob in method.knobs:
        column = "release_value" if knob.when == "release" else f"knob:{knob.name}"
        if entry.get(column) is not None:
            knobs[knob.name] = float(entry[column])
    schedule = results.schedule_of(entry["schedule"])
    recipe = schedule.pop("recipe", None)
    return {
        "method": method.name,
        "dataset": entry.get("dataset", ""),
        "source": "",
        "preset": entry.get("preset", ""),
        "tasks": tuple(filter(None, (entry["tasks"] or "").split(","))),
        "private": tuple(filter(None, (entry["private"] or "").split(","))),
        "schedule": counterparts.replaced(method.name, schedule),
        "recipe": recipe,  # None: today's
        "knobs": knobs,
        "run_ids": set(),
        "numbers": {},
        "weak": set(),
    }


def is_of(dataset: str, source: str, paper: str) -> bool:
    """Whether a data set of ours is, by its name ("celeba_64") or its source, the one that a paper
    names."""
    begins = DATASETS.get(paper.partition(",")[0])
    names = (dataset.lower().replace("-", ""), source)
    return begins is not None and any(name.startswith(begins) for name in names)


def beside(
    row: dict[str, Any],
    settings: Settings,
    chosen: Mapping[str, float] = NOTHING,
    here: tuple[str, str] | None = None,
) -> Pair:
    """A published row with our numbers of the very same setting, where there is one.

    The same method, tasks, private attributes, knobs and schedule, and the same attacker on the same
    kind of target; of such settings one on the paper's own photographs, then at the published size.

    chosen  values of knobs that stand in where the paper does not say its own
    here    (data set, preset) that are looked at: of others only those on the paper's photographs
    """
    if here is not None:
        settings = sorted(settings, key=lambda s: (s["dataset"], s["preset"]) != here)
        settings = [
            s
            for s in settings
            if (s["dataset"], s["preset"]) == here
            or is_of(s["dataset"], s["source"], row["dataset"])
        ]
    asked = counterparts.counterpart(row, chosen)
    if isinstance(asked, str):
        return Pair(row, asked)
    if asked.largest:
        return _largest([_beside(row, one, settings) for one in asked.largest])
    return _beside(row, asked, settings)


def _beside(row: dict[str, Any], asked: Counterpart, settings: Settings) -> Pair:
    mine = [setting for setting in settings if setting["method"] == asked.method]
    same = [setting for setting in mine if matches(asked, setting)]
    found = [pair for setting in same if (pair := _pair(row, asked, setting, settings)) is not None]
    if found:
        return min(found, key=lambda pair: _rank(pair, asked))
    if any(_is_weak(asked, setting) for setting in same):
        return Pair(row, "weak")
    if asked.minus and any(_of_itself(asked, setting) for setting in same):
        return Pair(row, "reference")
    lacking = "second" if asked.extra else "measure"
    return Pair(row, lacking if same else "setting" if mine else "method")


def _largest(pairs: Sequence[Pair]) -> Pair:
    """Of differences the largest in either direction, where all of them are known."""
    lacking = next((pair for pair in pairs if not pair.ours), None)
    if lacking is not None:
        return lacking
    numbers = {}
    for side in pairs[0].numbers:
        found = [_size(pair.numbers[side]) for pair in pairs if side in pair.numbers]
        if len(found) == len(pairs):
            numbers[side] = max(found, key=lambda number: number.value)
    return pairs[0]._replace(numbers=numbers)


def _size(number: Number) -> Number:
    """A difference without its sign."""
    if number.value >= 0:
        return number
    return Number(-number.value, number.chance, -number.high, -number.low)


def matches(asked: Counterpart, setting: Setting, attributes: Collection[str] = ()) -> bool:
    """Whether a setting of ours is the one that a published number is about. The data set and the
    size of the networks may be others; so may a recipe of trainings that has since been mended.

    attributes  of its data set; where they are not given, those that were measured count
    """
    if setting["method"] != asked.method or setting["schedule"] != asked.schedule:
        return False
    if asked.tasks == ("all",):
        known = {f"attribute:{name}" for name in attributes} or {
            key[1] for key in setting["numbers"] if key[1].startswith("attribute:")
        }
        served = {_task_target(name) for name in setting["tasks"]}
        if len(served) < 2 or not known <= served:
            return False
    elif "tasks" not in asked.free and set(asked.tasks) != set(setting["tasks"]):
        return False
    if "private" not in asked.free and set(asked.private) != set(setting["private"]):
        return False
    return all(setting["knobs"].get(name) == value for name, value in asked.knobs.items())


def _rank(pair: Pair, asked: Counterpart) -> tuple[Any, ...]:
    """The paper's photographs first, then its size, then today's recipe and the most numbers; of equals
    `min` keeps the first, what is looked at."""
    setting = pair.setting
    assert setting is not None
    off = 0.0 if asked.at is None else abs(_right(setting) - asked.at)
    return (
        not is_of(setting["dataset"], setting["source"], pair.row["dataset"]),
        setting["preset"] != "paper",
        setting["recipe"] is not None,
        round(off, 9),
        -len(pair.numbers),
    )


def _right(setting: Setting) -> float:
    """The share of right answers on a setting's tasks by its own head; -1 where not measured."""
    keys = (("paper", _task_target(n), "own_head", "accuracy") for n in setting["tasks"])
    found = [Number(*setting["numbers"][key]).value for key in keys if key in setting["numbers"]]
    return sum(found) / len(found) if found else -1.0


def _pair(
    row: dict[str, Any], asked: Counterpart, setting: Setting, settings: Settings
) -> Pair | None:
    for metric in asked.metrics:
        numbers = {}
        for side in SIDES:
            number = _number(asked, setting, side, metric, settings)
            if number is not None:
                numbers[side] = number
        if numbers:
            return Pair(row, "", setting, numbers, metric, asked.remarks)
    return None


def _number(
    asked: Counterpart, setting: Setting, side: str, metric: str, settings: Settings
) -> Number | None:
    """As the row measures: of its target, of several on average, or minus that of other settings."""
    own = _mean(asked, setting, side, metric)
    if own is None or not asked.minus:
        return own
    others = []
    for other in asked.minus:
        near = [
            s
            for s in settings
            if matches(other, s) and all(s[n] == setting[n] for n in ("dataset", "preset"))
        ]
        near.sort(key=lambda s: abs(_right(s) - other.at) if other.at is not None else 0.0)
        numbers = (_mean(other, s, side, metric) for s in near)
        number = next((n for n in numbers if n is not None), None)
        if number is None:
            return None
        others.append(number)
    pair = (_average(others), own) if asked.drop else (own, _average(others))
    ends = [(number.value, number.low, number.high) for number in pair]
    low, high = difference(*ends)
    return Number(pair[0].value - pair[1].value, math.nan, float(low), float(high))


def _mean(asked: Counterpart, setting: Setting, side: str, metric: str) -> Number | None:
    found = []
    for target in targets(asked, setting):
        number = next((n for n in _of_target(asked, setting, side, target, metric)), None)
        if number is None:
            return None
        found.append(number)
    return _average(found) if found else None


def _of_target(
    asked: Counterpart, setting: Setting, side: str, target: str, metric: str
) -> Iterable[Number]:
    for attacker in who(asked, side):
        for key, number in setting["numbers"].items():
            protocol, of, name, what = key
            if (protocol, of, what) == (SIDES[side], target, metric):
                plain, second = parted(name)
                wanted = asked.extra and attacker not in OWN_NETWORKS
                if plain == attacker and bool(second) == wanted:
                    yield Number(*number)


def who(asked: Counterpart, side: str) -> tuple[str, ...]:
    """Whose number counts, best first. The strongest head on what a run does not serve, and that its
    training does not depend on, is the strongest attacker on it."""
    attacker = asked.paper if side == "as_paper" else asked.strict
    if attacker == BEST_HEAD.name and "tasks" in asked.free:
        return attacker, WORST_CASE.name
    return (attacker,) if attacker else ()


def _average(numbers: Sequence[Number]) -> Number:
    """The mean, its ends the means of the ends: no narrower than the interval of the mean."""
    return Number(*(sum(column) / len(numbers) for column in zip(*numbers, strict=True)))


def _is_weak(asked: Counterpart, setting: Setting) -> bool:
    sides = [(protocol, name) for side, protocol in SIDES.items() for name in who(asked, side)]
    keys = ((*key[:2], parted(key[2])[0], key[3]) for key in setting["weak"])
    weak = {key for key in keys if key[3] in asked.metrics}
    return any(
        (protocol, target, attacker) == key[:3]
        for protocol, attacker in sides
        for target in targets(asked, setting)
        for key in weak
    )


def _of_itself(asked: Counterpart, setting: Setting) -> bool:
    """Whether a difference lacks only what it is taken from."""
    return any(_mean(asked, setting, side, metric) for side in SIDES for metric in asked.metrics)


def targets(asked: Counterpart, setting: Setting) -> tuple[str, ...]:
    """The findings' targets that a published number is about: one, or those it is the mean over."""
    if asked.target in ("task", "attributes"):
        return tuple(_task_target(name) for name in setting["tasks"])
    if asked.target == "private":
        return tuple(f"attribute:{name}" for name in asked.private)
    return (asked.target,)


def _task_target(name: str) -> str:
    return name if name == VERIFICATION else f"attribute:{name}"


def steps(method: str, one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How far two settings of a method's knobs are apart, in steps of each knob's grid (which is
    seldom even); knobs named in both only."""
    total = 0.0
    for knob in METHODS[method].knobs:
        if knob.name in one and knob.name in other:
            grid = sorted(knob.grid)
            places = np.interp([one[knob.name], other[knob.name]], grid, range(len(grid)))
            total += abs(float(places[0] - places[1])) / max(1, len(grid) - 1)
    return total
