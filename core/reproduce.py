"""A table or figure of a paper, made again: which trainings and attacks it takes, what of them is
there, doing the rest, and its numbers beside ours."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from core import data, results, sweep
from core.analysis import training_time
from core.attacks import ATTACKS
from core.attacks.attackers import BEST_HEAD, WORST_CASE
from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.declare import RESERVED, VERIFICATION
from core.published import METRICS, counterparts, pairing, reasons
from core.published.counterparts import Counterpart, counterpart
from core.published.pairing import Pair
from core.published.tables import Row, Table
from core.run import NAME, Run, checkpoints
from core.run_validation import checked, read_run
from core.storage import attack_folders, explanations, numbers_only, run_folder, whole_folders
from core.storage.attack_folders import Task
from core.sweep import Measure

# Attacks on attributes that do not compete for the strongest, and those that do for private ones only.
APART = ("data_curve", "averaging")
PRIVATE_ONLY = ("retrained_adversary", "informed", "augmented")


Known = list[tuple[pairing.Setting, Run, bool]]  # whether it is there


class Step(NamedTuple):
    """One training of a table, and what is measured of it.

    run       the one that is there, or the one to be trained
    trained   whether it is there
    measures  all that the table needs, one entry for each protocol
    pending   what of it is not there
    unshown   explanations that the table is drawn by and that are not there
    """

    run: Run
    trained: bool
    measures: tuple[Measure, ...]
    pending: tuple[Task, ...]
    unshown: tuple[str, ...] = ()


class Plan(NamedTuple):
    """What a table takes on a data set.

    steps     its trainings, in the table's order
    left_out  (row, why) of what cannot be made
    seconds   of what is not there: `training` (None where nothing alike was ever trained here) and
              `attacks` (None where no training of that size was ever attacked here)
    refused   why nothing more can be trained or attacked: of the data set only numbers are here
    """

    table: Table
    dataset: str
    preset: str
    steps: tuple[Step, ...]
    left_out: tuple[tuple[Row, str], ...]
    training: float | None
    attacks: float | None
    refused: str = ""

    @property
    def to_train(self) -> list[Run]:
        return [step.run for step in self.steps if not step.trained]

    @property
    def to_do(self) -> list[Step]:
        """What is to be trained, attacked or explained; nothing where that is `refused`."""
        return self.lacking if not self.refused else []

    @property
    def lacking(self) -> list[Step]:
        return [s for s in self.steps if not s.trained or s.pending or s.unshown]


def plan(table: Table, dataset: str, preset: str) -> Plan:
    """What a table takes, and what of it is there. Raises PenumbraError for a table of which nothing
    can be made, and for an unknown data set."""
    if not table.made:
        raise PenumbraError(f"{table.place} of {table.paper} cannot be made here: {table.reason}")
    if not NAME.fullmatch(dataset):
        raise PenumbraError(f"{dataset[:60]!r} is no data set's name; `data list` lists them")
    refused = _refused(dataset)
    attributes = _measured(dataset) if refused else tuple(data.describe(dataset)["attributes"])
    wanted: dict[str, tuple[Run, bool, dict[str, dict[str, None]], dict[float | None, None]]] = {}
    left_out: list[tuple[Row, str]] = []
    known = _known(dataset, preset)
    for row in table.rows:
        asked = counterpart(row)
        why = counterparts.REASONS[asked] if isinstance(asked, str) else _lacking(asked, attributes)
        if isinstance(asked, str) or why:
            left_out.append((row, why))
            continue
        for each in asked.needed:
            run, trained = _run_of(each, dataset, preset, attributes, known)
            entry = wanted.setdefault(run.id, (run, trained, {"paper": {}, "strict": {}}, {}))
            for protocol, name in (("paper", each.paper), ("strict", each.strict)):
                entry[2][protocol].update(dict.fromkeys(_expanded(name, each)))
            entry[3].update(dict.fromkeys(_values(each)))
    steps = tuple(_step(*entry, table.shown) for entry in wanted.values())
    missing = [step.run for step in steps if not step.trained]
    pending = [task for step in steps for task in step.pending]
    training = training_time.estimate(missing)["training"] if missing else 0.0
    attacks = _attacks_last(dataset, preset, pending)
    about = (table, dataset, preset, steps, tuple(left_out), training, attacks)
    return Plan(*about, refused)


def carry_out(made: Plan, device: str = "auto", progress: bool = True) -> list[str]:
    """Do what of a plan is not there, and no more; one line for each run that failed."""
    steps = made.to_do
    measures = {step.run.id: step.measures for step in steps}
    runs = [step.run for step in steps]
    if not runs:
        return []
    shown = made.table.shown
    return sweep.sweep(runs, device, progress=progress, explain=shown, measures=measures)


def _attacks_last(dataset: str, preset: str, pending: Sequence[Task]) -> float | None:
    """Seconds, by what attacks took on trainings of the same size: those of the data set where there
    are any. None where none was attacked here."""
    if not pending:
        return 0.0
    table = results.runs()
    alike = table[table["preset"] == preset]
    nearest = alike[alike["dataset"] == dataset]
    folders = [Path(folder) for folder in (nearest if len(nearest) else alike)["folder"]]
    if not any(any(folder.glob("attacks/*/*")) for folder in folders):
        return None
    lasting = attack_folders.expected_seconds(folders, set(pending))
    return sum(lasting[task] for task in pending)


def _refused(dataset: str) -> str:
    try:
        numbers_only.refuse(checkpoints() / dataset / "any")
    except PenumbraError as error:
        return str(error)
    return ""


def _measured(dataset: str) -> tuple[str, ...]:
    """The attributes that findings on a data set are about."""
    findings = results.findings()
    targets = findings[findings["dataset"] == dataset]["target"].unique()
    return tuple(sorted(t.partition(":")[2] for t in targets if t.startswith("attribute:")))


def _lacking(asked: Counterpart, attributes: Sequence[str]) -> str:
    named = (*asked.tasks, *(() if "private" in asked.free else asked.private))
    named = (*named, asked.target.partition(":")[2]) if ":" in asked.target else named
    if asked.tasks == ("all",) and not set(attributes) - set(asked.private):
        return "The data set has no attributes to be served."
    lacking = {name for name in named if name not in (*attributes, *RESERVED, "all")}
    if lacking:
        return f"The data set has no {', '.join(sorted(lacking))}."
    # Which second data set is not ours to choose.
    return reasons.MISSING["second"].format(attack=asked.paper) if asked.extra else ""


def _known(dataset: str, preset: str) -> Known:
    """The trainings on a data set that are measured, of today's recipe."""
    table = results.runs()
    mine = (table["dataset"] == dataset) & (table["preset"] == preset)
    found: Known = []
    for folder in table[mine & table["state"].isin(run_folder.MEASURED)]["folder"]:
        run = read_run(Path(folder))
        setting = pairing.described(results.describe(run))
        if setting["recipe"] is None:
            found.append((setting, run, True))
    return found


def _run_of(
    asked: Counterpart,
    dataset: str,
    preset: str,
    attributes: tuple[str, ...],
    known: Known,
) -> tuple[Run, bool]:
    """(the run of a counterpart, whether it is there): one of `known` that differs only in what its
    training does not depend on, or at what value it is released, will do; else a new one, which is
    known from then on."""
    drawn = METHODS[asked.method].release_knob
    knobs = {n: v for n, v in asked.knobs.items() if drawn is None or n != drawn.name}
    of_training = asked._replace(knobs=knobs)
    for setting, run, trained in known:
        if pairing.matches(of_training, setting, attributes):
            return run, trained
    understood = METHODS[asked.method].understands
    private = tuple(n for n in asked.private if n not in RESERVED or n in understood)
    tasks = asked.tasks
    if tasks == ("all",):
        tasks = tuple(name for name in attributes if name not in private)
    run = checked(Run(asked.method, dataset, preset, tasks, private, knobs, asked.schedule))
    known.append((pairing.described(results.describe(run)), run, False))
    return run, False


def _values(asked: Counterpart) -> list[float | None]:
    drawn = METHODS[asked.method].release_knob
    if drawn is None or drawn.name not in asked.knobs:
        return METHODS[asked.method].release_values
    return [asked.knobs[drawn.name]]


def _expanded(name: str, asked: Counterpart) -> list[str]:
    """The attacks that a finding of `name` takes: itself, or all that it is the strongest of. The
    method's own networks stand for themselves."""
    if name in (WORST_CASE.name, BEST_HEAD.name):
        kind = asked.target.partition(":")[0]
        if kind in ("task", "attributes", "private"):
            kind = (
                VERIFICATION if asked.tasks == (VERIFICATION,) and kind == "task" else "attribute"
            )
        return [
            attack.name
            for attack in ATTACKS.values()
            if attack.target == kind
            and attack.name not in (*APART, *(PRIVATE_ONLY if name == BEST_HEAD.name else ()))
            and not attack.white_box
            and not attack.on_request
        ]
    return [name] if name else []


def _step(
    run: Run,
    trained: bool,
    protocols: Mapping[str, Mapping[str, None]],
    values: Mapping[float | None, None],
    shown: Sequence[str],
) -> Step:
    at = tuple(value for value in values if value is not None) or None
    measures, pending = [], []
    for protocol, names in protocols.items():
        attacks = tuple(name for name in names if name in ATTACKS)
        if names:
            measures.append(Measure(protocol, attacks, at))
        tasks = [Task(protocol, name, value) for value in values for name in names]
        done = trained and run.folder
        pending += [task for task in tasks if not done or not attack_folders.is_done(done, task)]
    places = {name: explanations.place(run.folder, name) for name in shown}
    unshown = tuple(name for name, place in places.items() if not whole_folders.is_done(place))
    return Step(run, trained, tuple(measures), tuple(pending), unshown)


def pairs(made: Plan, findings: pd.DataFrame) -> list[Pair]:
    """The table's rows, each with what was measured of it on the plan's data set and size."""
    mine = (findings["dataset"] == made.dataset) & (findings["preset"] == made.preset)
    settings = pairing.measured(findings[mine])
    return [pairing.beside(row, settings) for row in made.table.rows]


def printed(found: Sequence[Pair]) -> pd.DataFrame:
    """One line for each number: what the paper prints, ours as the paper asks and strict, with 95 %
    intervals, and what is different or missing."""
    return pd.DataFrame(
        {
            "label": pair.row["label"],
            "photographs": pair.row["dataset"],
            "setting": _setting(pair.row),
            "measured": f"{_target(pair.row)}: {pair.row['metric']}",
            "paper": pair.row["printed"] or "drawn only",
            "ours, as the paper": _number(pair, "as_paper"),
            "ours, strict": _number(pair, "strict"),
            "remark": remark(pair),
        }
        for pair in found
    )


def _setting(row: Row) -> str:
    entries = {**row["knobs"], **row["schedule"]}
    parts = [f"{name}={value:g}" for name, value in entries.items()]
    names = " / ".join(",".join(row[column]) for column in ("tasks", "private") if row[column])
    return " ".join(filter(None, (row["method"], *parts, names)))


def _target(row: Row) -> str:
    return str(row["target"]).removeprefix("attribute:")


def _number(pair: Pair, side: str) -> str:
    """ "0.650 [0.595, 0.700]"; in hundredths where the paper prints per cent."""
    if side not in pair.numbers:
        return ""
    number, times = pair.numbers[side], 100 if pair.row["unit"] == "percent" else 1
    value, low, high = (times * n for n in (number.value, number.low, number.high))
    digits = 3 if times == 1 else 1
    ends = "" if math.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{value:.{digits}f}{ends}"


def remark(pair: Pair) -> str:
    """In what ours differs from the paper's, or why there is none."""
    if not pair.ours:
        return reasons.why(pair)
    row, setting = pair.row, pair.setting
    assert setting is not None
    parts = [counterparts.REMARKS[name] for name in pair.remarks]
    usual = METRICS[row["metric"]].ours[0]
    if pair.metric != usual:
        parts.append(f"ours is {pair.metric}")
    if "unit" in pair.remarks:
        parts.append(f"the paper's is {counterparts.comparable(row):.3g} of them")
    unsaid = {n: v for n, v in setting["knobs"].items() if n not in row["knobs"]}
    if unsaid:
        parts.append("ours at " + ", ".join(f"{name} = {v:g}" for name, v in unsaid.items()))
    if setting["recipe"] is not None:
        parts.append("trained before batch norm's statistics were estimated anew")
    return "; ".join(parts)


def differences(made: Plan) -> list[str]:
    """In words, in what the whole of our set-up is another than the paper's."""
    rows = [row for row in made.table.rows if isinstance(counterpart(row), Counterpart)]
    theirs = list(dict.fromkeys(row["dataset"] for row in rows))
    method = METHODS[made.table.paper]
    here, there = (method.size(name) for name in (made.preset, "paper"))
    said = []
    source = str(data.catalogue().get(made.dataset, {}).get("source", ""))
    if not all(pairing.is_of(made.dataset, source, name) for name in theirs):
        said.append(f"photographs: ours of {made.dataset}, the paper's of {' and '.join(theirs)}")
    if made.preset != "paper":
        said.append(
            f"size: ours {here[0]} x {here[1]} pixels and thinner networks, the paper's "
            f"{there[0]} x {there[1]} and the published ones"
        )
    said.append(
        "as the paper: its own attacker, and where one is trained afterwards, people on all sides "
        "of the split"
    )
    said.append(
        "strict: attackers trained afterwards on other people; the strongest on validation, or the "
        "paper's where it names one that is an attack here"
    )
    protocols = {row["protocol"] for row in rows}
    if "unsaid" in protocols:
        said.append("the paper does not say when the attackers that it scores were trained")
    if "computed" in protocols:
        said.append("what follows from the features alone is the same by both protocols")
    for name in dict.fromkeys(row["method"] for row in rows):
        said += [f"{METHODS[name].title}: {text}" for text in METHODS[name].departures]
    return said


def left_out(made: Plan) -> list[str]:
    """One sentence for each reason why some of a table cannot be made."""
    rows: dict[str, list[str]] = {}
    for row, why in made.left_out:
        rows.setdefault(why, []).append(row["label"] or row["metric"])
    return [f"Left out, {', '.join(dict.fromkeys(names))}: {why}" for why, names in rows.items()]


def command(paper: str, place: str, dataset: str, preset: str) -> list[str]:
    """The words of the command that makes a table."""
    words = ["python", "-m", "core", "reproduce", paper, place]
    return [*words, "--dataset", dataset, "--preset", preset]


def summary(made: Plan) -> dict[str, Any]:
    """How much a plan is: `trainings`, `trained`, `measures` and `measured` (attacks at each release
    value), `training` and `attacks` (seconds left, as `Plan`)."""
    needed = sum(
        len(measure.attacks or ()) * len(measure.release_values or (None,))
        for step in made.steps
        for measure in step.measures
    )
    left = sum(task.attack in ATTACKS for step in made.steps for task in step.pending)
    return {
        "trainings": len(made.steps),
        "trained": sum(step.trained for step in made.steps),
        "measures": needed,
        "measured": needed - left,
        "training": made.training,
        "attacks": made.attacks,
    }
