"""What the Train page plans: choices -> runs, and the same command line. No Streamlit."""

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from app.page import wording
from app.settings import points, variants
from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.declare import IDENTITY, VERIFICATION
from core.published import METHODS as IN_PAPERS
from core.run import Run
from core.sweep import grid

MOST_RUNS = 200
Sets = tuple[tuple[str, ...], tuple[str, ...]]  # tasks and private attributes


class Plan(NamedTuple):
    """What to train. `knobs` maps each training-time knob to its values, `schedule` each entry of the
    schedule that is varied."""

    dataset: str
    method: str
    preset: str
    tasks: tuple[str, ...]
    private: tuple[str, ...]
    knobs: dict[str, tuple[float, ...]]
    seed: int = 0
    device: str = "auto"
    schedule: Mapping[str, tuple[float, ...]] = MappingProxyType({})


def offered(method: str, attributes: Sequence[str]) -> tuple[list[str], list[str]]:
    """(what may be served, what may be hidden) with a method and these attributes."""
    known = METHODS[method].understands
    tasks = [name for name in (VERIFICATION,) if name in known]
    private = [name for name in (IDENTITY,) if name in known]
    return [*attributes, *tasks], [*attributes, *private]


def paper_sets(method: str, attributes: Sequence[str]) -> dict[str, Sets]:
    """The paper's combinations that the data set has all attributes for, by their words."""
    declared = METHODS[method]
    if method not in IN_PAPERS:
        return {}
    sets = declared.published_sets.values() or [(declared.tasks, declared.private)]
    tasks, private = offered(method, attributes)
    return {
        f"{_choices(pair[0])}; hidden: {_choices(pair[1]) or 'nothing by name'}": pair
        for pair in sets
        if set(pair[0]) <= set(tasks) and set(pair[1]) <= set(private)
    }


def _choices(names: Iterable[str]) -> str:
    return ", ".join(map(wording.choice_label, names))


def numbers(texts: Sequence[str], symbol: str) -> tuple[float, ...]:
    """Knob values as typed, sorted, without doubles. Raises PenumbraError for what is no number."""
    found = set()
    for text in texts:
        try:
            value = float(str(text).replace(",", "."))
        except ValueError:
            value = -1.0
        if not 0 <= value < 1e9:
            raise PenumbraError(
                f"{symbol} = {str(text)[:20]!r} is no number from 0 upwards; remove it"
            )
        found.add(value)
    if not found:
        raise PenumbraError(f"choose at least one value of {symbol}")
    return tuple(sorted(found))


def runs(plan: Plan) -> list[Run]:
    """Every setting of the plan. Raises PenumbraError saying what is wrong with it."""
    count = math.prod(map(len, [*plan.knobs.values(), *plan.schedule.values()]))
    if count > MOST_RUNS:
        raise PenumbraError(f"{count} settings are too many for one go; choose at most {MOST_RUNS}")
    method = METHODS[plan.method]
    if not plan.private and method.private and not method.baseline:
        raise PenumbraError(
            "name at least one private attribute; hiding it is what the method is for"
        )
    asked = plan.tasks, plan.private, plan.knobs
    return grid(plan.method, plan.dataset, plan.preset, *asked, (plan.seed,), plan.schedule)


def command(plan: Plan) -> str:
    parts = ["--dataset", plan.dataset, "--method", plan.method, "--preset", plan.preset]
    parts += ["--tasks", ",".join(plan.tasks), "--private", ",".join(plan.private)]
    for name, values in plan.knobs.items():
        parts += ["--knob", f"{name}={','.join(f'{value:g}' for value in values)}"]
    for name, values in plan.schedule.items():
        parts += ["--schedule", f"{name}={','.join(f'{value:g}' for value in values)}"]
    parts += ["--seed", str(plan.seed), "--device", plan.device]
    return shlex.join(["python", "-m", "core", "sweep", *parts])


def entries(method: str, preset: str) -> tuple[dict[str, dict[str, str]], dict[str, float]]:
    """What of a method's schedule can be varied: the entries that make another setting, each value
    with its words; and those that are numbers, with what the preset has."""
    declared = {choice.name: choice.values for choice in METHODS[method].choices}
    usual = METHODS[method].presets[preset]["schedule"]
    kinds = {
        name: {str(number): words for number, words in enumerate(values)}
        for name, values in declared.items()
        if name in usual
    }
    return kinds, {name: float(value) for name, value in usual.items() if name not in kinds}


def setting(run: Mapping[str, Any]) -> str:
    """A run in short: "λ₁ = 1, λ₂ = 0, released behind layer 3"; "" where nothing was chosen."""
    method, schedule = run.get("method", ""), run.get("schedule") or {}
    if method not in METHODS:
        return ""
    replaced = ", ".join(f"{name}={value:g}" for name, value in sorted(schedule.items()))
    words = variants.schedule_words(method, replaced)
    return ", ".join(filter(None, (points.knob_label(method, run.get("knobs", {})), words)))


def product(plan: Plan) -> str:
    """ "6 values of λ₁ × 2 of layer" where several lists make one grid; "" otherwise."""
    symbols = {knob.name: knob.symbol for knob in METHODS[plan.method].knobs}
    lists = {symbols[name]: len(values) for name, values in plan.knobs.items()}
    lists |= {name.replace("_", " "): len(values) for name, values in plan.schedule.items()}
    several = {name: count for name, count in lists.items() if count > 1}
    if len(several) < 2:
        return ""
    (name, count), *rest = several.items()
    return " × ".join((f"{count} values of {name}", *(f"{n} of {what}" for what, n in rest)))


def job_title(job: Mapping[str, Any]) -> str:
    """ "DeepObfuscator on synthetic: 6 settings"."""
    if not job["runs"]:
        return "A job whose file cannot be read"
    first, count = job["runs"][0], len(job["runs"])
    method = METHODS.get(first.get("method", ""))
    title = f"{method.title if method else first.get('method')} on {first['dataset']}"
    named = f"{count} settings" if count > 1 else setting(first)
    return f"{title}: {named}" if named else title


def progress(job: Mapping[str, Any]) -> tuple[float, str]:
    """(share done in [0, 1], what is going on) of a job."""
    if job["state"] == "finished":
        return 1.0, "done: trained and attacked" if job["evaluate"] else "done: trained"
    # attacks take about as long as the training, half a setting each; explaining takes little
    trained = job["step"] / job["steps"] if job["steps"] else 0.0
    attacked = job["attacks_done"] / max(1, job["attacks"])
    parts = {"evaluate": 0.5 + 0.5 * attacked, "explain": 1.0}
    inside = parts.get(job["phase"], 0.5 * trained)
    count = max(1, len(job["runs"]))
    index = min(job["index"], count - 1)
    share = min(1.0, (index + inside) / count)
    if job["state"] == "queued":
        return share, "waiting for its turn: one job works at a time"
    words = [f"setting {job['index'] + 1} of {count}"] if count > 1 else []
    words += filter(None, [setting(job["runs"][index])] if job["runs"] else [])
    measuring = job["phase"] == "evaluate"
    if measuring:
        name = str(job["attack"] or "").replace("_", " ")
        done = f" ({job['attacks_done'] + 1} of {job['attacks']})" if job["attacks"] else ""
        words.append(f"attacking it: {name}{done}" if name else "attacking it")
    elif job["phase"] == "explain":
        words.append("preparing the pages that show it")
    elif job["stage"]:
        words.append(f"{str(job['stage']).replace('_', ' ')}, step {job['step']} of {job['steps']}")
    elif job["state"] == "running":
        words.append("starting, reading the photographs")
    if job["state"] == "running" and wording.known(job["eta_seconds"]):
        what = "attacks on this setting" if measuring else "training"
        words.append(f"about {wording.duration(job['eta_seconds'])} of {what} left")
    return share, ", ".join(words)


def usual(method: str) -> dict[str, tuple[float, ...]]:
    """Values offered first: the whole grid of the first training-time knob, defaults of the
    rest."""
    knobs = [knob for knob in METHODS[method].knobs if knob.when == "train"]
    grid = {knob.name: tuple(knob.grid) for knob in knobs[:1]}
    return grid | {knob.name: (knob.default,) for knob in knobs[1:]}


def promise(plan: Plan, wanted: int, missing: int, cost: Mapping[str, Any]) -> tuple[str, str]:
    """(how much a plan is, by what that is known): of so many settings `missing` ones are to be
    trained, at `cost` (`core.analysis.training_time.estimate`)."""
    time = "time not known yet"
    if not missing:
        time = "nothing to train"
    elif wording.known(cost["seconds"]):
        time = f"about {wording.duration(cost['seconds'])} and {wording.size(cost['megabytes'])}"
    count = f"{wanted} setting{'s' * (wanted != 1)}"
    made = product(plan)
    count += f" ({made})" if made else ""
    sentence = f"{count} of {METHODS[plan.method].title}: {time}."
    if not missing:
        return sentence, "Trained already; what was not attacked yet will be attacked."
    known = basis(cost)
    if trained := wanted - missing:
        are = "is" if trained == 1 else "are"
        known = f"{trained} of them {are} trained already and will not be trained again. {known}"
    return sentence, known


def basis(cost: Mapping[str, Any]) -> str:
    """What an estimate of `core.analysis.training_time` goes by, in a sentence."""
    count = cost["examples"]
    if not count:
        return "Nothing like it has been trained here, so nobody can say how long it takes."
    where = f" on “{cost['dataset']}”" if cost["dataset"] else ""
    devices = " and ".join([name for name in cost["devices"] if name][:2])
    on = f", trained on {devices}" if devices else ""
    text = (
        f"Estimated from {count} finished setting{'s' * (count != 1)} of this method and "
        f"size{where}{on}; another machine or number of photographs takes another time."
    )
    if cost["trimmed"]:
        text += " Those have been slimmed down since: fresh ones take more room until then."
    return text


def run_title(row: Mapping[str, Any]) -> str:
    """ "DeepObfuscator, λ₁ = 1, λ₂ = 0" of a row of `core.results.runs`."""
    return points.name(row) if row["method"] in METHODS else str(row["method"])


STATES = {"numbers": "numbers only"}  # of runs, in words, where the word is not one already


def trained_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row for each trained setting, in words, from rows of `core.results.runs`."""
    table = [
        {
            "Setting": run_title(row),
            "Data set": row["dataset"],
            "Serves": _words_of(row["tasks"]),
            "Hides": _words_of(row["private"]),
            "Size": row["preset"] if isinstance(row["preset"], str) else "",
            "State": STATES.get(row["state"], row["state"]),
            "Attacks": row["evaluated"],
            "Training": wording.duration(row["seconds"]) if wording.known(row["seconds"]) else "",
            "Name": row["run_id"],
        }
        for row in rows
    ]
    return pd.DataFrame(table)


def _words_of(names: Any) -> str:
    """Comma-joined attribute names as a person would say them; "" for what is none."""
    return _choices(filter(None, names.split(","))) if isinstance(names, str) else ""
