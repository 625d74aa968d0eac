"""What can be looked at: data sets, tasks, private targets, attackers, measures. Pure pandas."""

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from core.attacks import attackers as known_attackers
from core.attacks.attackers import WORST_CASE
from core.methods.declare import VERIFICATION
from core.metrics import METRICS, deciding

STRONGEST = WORST_CASE.name
SERVICE = "balanced_accuracy"  # the measure of the service where nobody chose


class View(NamedTuple):
    """What is being looked at: kept in the sidebar and in the URL.

    target    "attribute:Male", "attribute:Male,Young" (whichever of them leaks more), "identity",
              "image" or "recognition:<a study's title>"
    attacker  `worst_case`, the strongest on validation, or one of its own choice (strict protocol)
    service   the measure of what the service keeps, a metric that `serves`
    """

    dataset: str
    preset: str
    task: str
    target: str
    protocol: str
    attacker: str = STRONGEST
    service: str = SERVICE

    @property
    def measure(self) -> str:
        return deciding()[self.target.partition(":")[0]]

    @property
    def scale(self) -> int:
        """What values of `measure` are multiplied by where they are shown: shares by 100."""
        return METRICS[self.measure].scale

    @property
    def targets(self) -> tuple[str, ...]:
        """The findings' targets that it is about: several where the attacker may take its pick."""
        kind, _, names = self.target.partition(":")
        if kind != "attribute":
            return (self.target,)
        return tuple(f"{kind}:{name}" for name in names.split(","))


def datasets(findings: pd.DataFrame, numbers: Collection[str] = ()) -> list[str]:
    """Data sets with findings: those of which only `numbers` are here, the most runs first, then the
    synthetic one, then those of this machine."""
    found = _most_runs_first(findings, "dataset")
    come = [name for name in found if name in numbers]
    own = [name for name in found if name not in numbers]
    return [*come, *sorted(own, key=lambda name: (name != "synthetic", name))]


def presets(findings: pd.DataFrame, dataset: str) -> list[str]:
    return sorted(findings.loc[findings["dataset"] == dataset, "preset"].unique())


def tasks(findings: pd.DataFrame, dataset: str, preset: str) -> list[str]:
    """What some run of the data set was trained to serve, most runs first."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    known = rows["target"].str.startswith("attribute:") | (rows["target"] == VERIFICATION)
    served = _most_runs_first(rows[(rows["role"] == "utility") & known], "target")
    return [target.partition(":")[2] or target for target in served]


def _most_runs_first(rows: pd.DataFrame, column: str) -> list[str]:
    counted = rows.groupby(column)["run_id"].nunique().sort_index()
    return list(counted.sort_values(ascending=False, kind="stable").index)


def task_target(task: str) -> str:
    """The findings' target of a task: an attribute's, or `verification` itself."""
    return task if task == VERIFICATION else f"attribute:{task}"


def targets(findings: pd.DataFrame, dataset: str, preset: str, task: str) -> list[str]:
    """What may be attacked in runs that serve `task`, by kind, most runs first."""
    rows = _serving(findings, dataset, preset, task)
    rows = rows[(rows["role"] == "private") & rows["metric"].isin(deciding().values())]
    found = _most_runs_first(rows, "target")
    return [name for kind in deciding() for name in found if name.partition(":")[0] == kind]


def attributes(findings: pd.DataFrame, dataset: str, preset: str, task: str) -> list[str]:
    """Every other attribute that was attacked in runs that serve `task`."""
    rows = _serving(findings, dataset, preset, task)
    rows = rows[(rows["attacker"] == STRONGEST) & (rows["metric"] == deciding()["attribute"])]
    names = rows["target"].unique()
    found = [name.partition(":")[2] for name in names if name.startswith("attribute:")]
    return sorted(name for name in found if name != task)


def attackers(findings: pd.DataFrame, view: View) -> list[str]:
    """Attackers on the view's target under the strict protocol, the strongest first."""
    rows = _serving(findings, view.dataset, view.preset, view.task)
    rows = rows[
        (rows["protocol"] == "strict")
        & rows["target"].isin(view.targets)
        & (rows["metric"] == view.measure)
    ]
    others = {attacker.name for attacker in known_attackers().values() if attacker.serves}
    others.add(STRONGEST)
    return [STRONGEST, *(n for n in _most_runs_first(rows, "attacker") if n not in others)]


def services(findings: pd.DataFrame, dataset: str, preset: str, task: str) -> list[str]:
    """Measures of the service that findings hold for `task`, shares first."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    rows = rows[(rows["role"] == "utility") & (rows["target"] == task_target(task))]
    measured = set(rows["metric"].unique()) - {SERVICE}
    able = [metric for metric in METRICS.values() if metric.serves and metric.name in measured]
    return [SERVICE, *(metric.name for metric in sorted(able, key=lambda m: m.unit != "%"))]


def _serving(findings: pd.DataFrame, dataset: str, preset: str, task: str) -> pd.DataFrame:
    """Findings of runs that serve `task`."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    mine = rows.loc[(rows["role"] == "utility") & (rows["target"] == task_target(task)), "run_id"]
    return rows[rows["run_id"].isin(mine.unique())]
