"""The metrics: one family per file, one line here. Importing this package does not import torch.

Beside their declarations the files hold the formulas, pure functions of arrays with their sources;
`intervals` turns any of them into a 95 % interval by resampling people.
"""

from dataclasses import replace
from importlib import import_module

from core.metrics.declare import Bound, Control, Metric

FILES = (
    "attributes",
    "identity",
    "linking",
    "learning_curves",
    "ranks",
    "scatter",
    "images",
    "recognition",
    "certificates",
)


def declared(file: str) -> list[Metric]:
    """The metrics that a file declares, alone or in tuples."""
    found = vars(import_module(f"{__name__}.{file}")).values()
    groups = (entry if isinstance(entry, tuple) else (entry,) for entry in found)
    return [metric for group in groups for metric in group if isinstance(metric, Metric)]


METRICS: dict[str, Metric] = {metric.name: metric for file in FILES for metric in declared(file)}


def named(name: str) -> Metric:
    """The metric of a finding, also one measured through a second face network, which its name ends
    in and its title says (`core.embedders`); of one that nobody declares, its bare name."""
    if name in METRICS:
        return METRICS[name]
    for plain in METRICS.values():
        if plain.second_network and name.startswith(f"{plain.name}_"):
            network = name.removeprefix(f"{plain.name}_").replace("_", " ")
            return replace(plain, name=name, title=f"{plain.title} ({network})", control=None)
    return Metric(name, name, "", "")


def deciding() -> dict[str, str]:
    """Kind of target -> the metric that attackers on it are judged by: attribute, identity, image
    and recognition (of a study: people, and machines on the same questions)."""
    return {metric.decides: metric.name for metric in METRICS.values() if metric.decides}


def of_pictures() -> list[Metric]:
    """The metrics of two pictures."""
    return [metric for metric in METRICS.values() if metric.of_pictures is not None]
