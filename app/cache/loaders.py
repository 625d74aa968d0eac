"""Cached reading of run folders. Caches are bounded and refresh when a folder changes."""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.cache import changes
from app.evidence import learning_curve, published
from app.page import pictures, wording
from app.settings import points, views
from app.settings.views import View
from app.study import findings as study_findings
from core import data, explain, results
from core.analysis import compare
from core.analysis import provenance as prove
from core.attacks.attributes.learning_curve import DATA_CURVE
from core.errors import PenumbraError
from core.explain import photographs as explain_photographs
from core.run import checkpoints
from core.storage import array_file, attack_folders, cost_file, run_folder, whole_folders
from core.storage.pictures import unpacked
from core.study.material import stimuli

FRESH = 0.5  # seconds
_looked: dict[str, tuple[float, changes.Mark]] = {}
KEPT_TABLES = 4
KEPT_VIEWS = 64
KEPT_DATASETS = 16
PREVIEW = 112  # pixels of an example face
KEPT_PICTURES = 96  # settings; a few hundred kilobytes each
KEPT_EXPLANATIONS = 160  # of settings; some ten kilobytes each, unpacked a few hundred


@st.cache_resource
def settle() -> None:
    """Once per process, after a page has loaded what it needs: keep the garbage collector, which
    Streamlit calls after every redraw, from walking through all imported modules each time."""
    gc.collect()
    gc.freeze()


def stamp() -> changes.Mark:
    """Changes whenever a run or an attack is finished, removed or replaced, or what closed studies
    found changes; looked up anew at most twice a second, since a redraw asks for it several times."""
    root = checkpoints()
    now = time.monotonic()
    looked, mark = _looked.get(str(root), (-math.inf, None))
    if mark is None or now - looked > FRESH:
        times = changes.times(str(root))
        mark = (str(root), len(times), sum(times), study_findings.version())
        _looked.clear()
        _looked[str(root)] = (now, mark)
    return mark


def findings() -> pd.DataFrame:
    """All findings. Shared by all sessions: not to be written to."""
    return _read(stamp())[0]


def of_run(run_id: str) -> pd.DataFrame:
    """The findings of one run. Shared by all sessions: not to be written to."""
    return _by_run(stamp()).get(run_id, findings().iloc[:0])


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False)
def _by_run(mark: changes.Mark) -> dict[str, pd.DataFrame]:
    """A redraw asks for one run; going through all rows for it would take as long as the rest."""
    return dict(list(_read(mark)[0].groupby("run_id", sort=False)))


def problems() -> list[str]:
    """One line for each damaged thing that was left out of the findings."""
    return _read(stamp())[1]


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner="Reading the trained settings …")
def _read_files(root: str, count: int, total: int) -> tuple[pd.DataFrame, list[str]]:
    return results.read(Path(root))


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False)
def _read(mark: changes.Mark) -> tuple[pd.DataFrame, list[str]]:
    """Findings of the files, and of closed studies where there are any."""
    table, wrong = _read_files(*mark[:3])
    if not mark[3]:
        return table, wrong
    asked, left_out = study_findings.findings()
    if not asked.empty:
        table = pd.concat([table, asked], ignore_index=True)
    return table, [*wrong, *left_out]


def runs() -> pd.DataFrame:
    """One row per run folder."""
    return _runs(stamp())


@st.cache_data(max_entries=KEPT_TABLES, show_spinner=False)
def _runs(mark: changes.Mark) -> pd.DataFrame:
    return results.runs(Path(mark[0]))


def costs(dataset: str) -> tuple[pd.DataFrame, list[str]]:
    """(`core.storage.cost_file.rows` of all runs of a data set, one line for each file that is damaged)."""
    return _costs(stamp(), dataset)


@st.cache_data(max_entries=KEPT_TABLES, show_spinner=False)
def _costs(mark: changes.Mark, dataset: str) -> tuple[pd.DataFrame, list[str]]:
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    for folder in run_folder.all_folders(Path(mark[0])):
        if folder.parent.name == dataset:
            try:
                rows += cost_file.rows(folder)
            except PenumbraError as error:
                wrong.append(str(error))
    return pd.DataFrame(rows, columns=[*cost_file.RECORD, *cost_file.RELEASE]), wrong


def offered(what: str, *choices: Any) -> list[str]:
    """What `app.settings.views` finds among this moment's findings: `offered("tasks", dataset, preset)` is
    `views.tasks(findings, dataset, preset)`, looked for once."""
    return _offered(stamp(), what, tuple(choices))


@st.cache_data(max_entries=4 * KEPT_VIEWS, show_spinner=False)
def _offered(mark: changes.Mark, what: str, choices: tuple[Any, ...]) -> list[str]:
    return OFFERED[what](_read(mark)[0], *choices)


OFFERED: dict[str, Callable[..., list[str]]] = {
    "datasets": views.datasets,
    "presets": views.presets,
    "tasks": views.tasks,
    "targets": views.targets,
    "attributes": views.attributes,
    "attackers": views.attackers,
    "services": views.services,
}


def settings(view: View) -> pd.DataFrame:
    """`app.settings.points.settings` of what is being looked at."""
    return _settings(stamp(), tuple(view))


@st.cache_data(max_entries=KEPT_VIEWS, show_spinner=False)
def _settings(mark: changes.Mark, view: tuple[str, ...]) -> pd.DataFrame:
    return points.settings(_read(mark)[0], View(*view))


def references(view: View) -> dict[str, dict[str, Any]]:
    """`app.settings.points.references` of what is being looked at."""
    return _references(stamp(), tuple(view))


@st.cache_data(max_entries=KEPT_VIEWS, show_spinner=False)
def _references(mark: changes.Mark, view: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return points.references(_read(mark)[0], View(*view))


def measured(dataset: str, preset: str) -> list[dict[str, Any]]:
    """`app.evidence.published.measured`. Shared by all sessions: not to be written to."""
    return _measured(stamp(), dataset, preset)


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False)
def _measured(mark: changes.Mark, dataset: str, preset: str) -> list[dict[str, Any]]:
    return published.measured(_read(mark)[0], dataset, preset)


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False)
def redrawn(
    mark: changes.Mark, dataset: str, run_id: str, attack: str, release_value: float | None
) -> dict[str, np.ndarray]:
    """`core.results.pictures` of one setting. Raises PenumbraError where there are none."""
    return results.pictures(Path(mark[0]) / dataset / run_id, attack, release_value)


def curve(run_id: str, release_value: float | None, attribute: str) -> pd.DataFrame:
    """`app.evidence.learning_curve.frame` of one setting of this moment's runs; empty where it was not
    measured. Raises PenumbraError when damaged."""
    rows = of_run(run_id)
    if rows.empty:
        return pd.DataFrame()
    return _curve(stamp(), rows["dataset"].iloc[0], run_id, release_value, attribute)


@st.cache_data(max_entries=KEPT_VIEWS, show_spinner=False)
def _curve(
    mark: changes.Mark, dataset: str, run_id: str, value: float | None, attribute: str
) -> pd.DataFrame:
    task = attack_folders.Task("strict", DATA_CURVE.name, value)
    attack = attack_folders.place(Path(mark[0]) / dataset / run_id, task)
    if not whole_folders.is_done(attack) or not array_file.exist(attack):
        return pd.DataFrame()
    return learning_curve.frame(array_file.read(attack), attribute)


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False)
def strongest_redrawer(
    mark: changes.Mark, dataset: str, run_id: str, release_value: float | None
) -> str | None:
    """The attacker on the picture that was found strongest on validation; None where none was
    chosen. Raises PenumbraError where the file that says so is damaged."""
    return results.strongest(Path(mark[0]) / dataset / run_id, "image", release_value)


def explanation(
    dataset: str, run_id: str, name: str, release_value: float | None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """`core.explain.read` of one setting of this moment's runs: (arrays, facts), shared by all
    sessions and not to be written to. Raises PenumbraError where there is none."""
    return _explanation(stamp(), dataset, run_id, name, release_value)


@st.cache_resource(max_entries=KEPT_EXPLANATIONS, show_spinner=False)
def _explanation(
    mark: changes.Mark, dataset: str, run_id: str, name: str, release_value: float | None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    return explain.read(Path(mark[0]) / dataset / run_id, name, release_value)


def photograph_maps(
    dataset: str, run_id: str, target: str
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """`core.explain.photographs.read` for a run of this moment: (arrays, facts), with its pictures
    unpacked as `originals` and `means`; shared by all sessions and not to be written to. Raises
    PenumbraError where there is none."""
    return _photograph_maps(stamp(), dataset, run_id, target)


@st.cache_resource(max_entries=KEPT_VIEWS, show_spinner=False)
def _photograph_maps(
    mark: changes.Mark, dataset: str, run_id: str, target: str
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    arrays, facts = explain_photographs.read(Path(mark[0]) / dataset / run_id, target)
    return arrays | {name: unpacked(name, arrays) for name in ("originals", "means")}, facts


def paired(dataset: str, first: dict[str, Any], second: dict[str, Any]) -> pd.DataFrame:
    """`core.analysis.compare.compare` of two settings (rows of `app.settings.points.settings`) of a data set: the
    second minus the first. Raises PenumbraError where they cannot be paired."""
    keys = [
        (
            row["run_id"],
            float(row["release_value"]) if wording.known(row["release_value"]) else None,
        )
        for row in (first, second)
    ]
    return _paired(stamp(), dataset, *keys)


@st.cache_data(max_entries=KEPT_VIEWS, show_spinner="Comparing the same photographs …")
def _paired(
    mark: changes.Mark,
    dataset: str,
    first: tuple[str, float | None],
    second: tuple[str, float | None],
) -> pd.DataFrame:
    place = Path(mark[0]) / dataset
    return compare.compare(*(compare.Setting(place / run, value) for run, value in (first, second)))


def provenance(dataset: str, row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(`core.analysis.provenance.provenance`, `core.analysis.provenance.commands`) of a setting, a row of
    `app.settings.points.settings`. Raises PenumbraError where its folder is damaged."""
    folder = Path(stamp()[0]) / dataset / row["run_id"]
    value = float(row["release_value"]) if wording.known(row["release_value"]) else None
    run = results.read_run(folder)
    return prove.provenance(folder, value), prove.commands(run)


def about(dataset: str) -> dict[str, Any]:
    """`core.data.describe` with a few faces as "preview" and what is wrong with the data set, if
    anything, as "problem"."""
    entry = data.catalogue().get(dataset, {})
    return _about(dataset, json.dumps(entry, sort_keys=True, default=str))


@st.cache_data(max_entries=KEPT_DATASETS, ttl=60, show_spinner="Reading the labels …")
def _about(dataset: str, entry: str) -> dict[str, Any]:
    try:
        faces = [pictures.enlarged(face, PREVIEW) for face in data.preview(dataset, 6, PREVIEW)]
        return data.describe(dataset) | {"preview": faces, "problem": None}
    except PenumbraError as error:
        return {"problem": str(error), "preview": [], "attributes": {}}


def study_pictures(place: dict[str, Any]) -> dict[str, Any]:
    """`core.study.material.stimuli.possible` of a setting with dataset, run_id and release_value. Raises
    PenumbraError where its pictures cannot be read."""
    return _study_pictures(stamp(), place["dataset"], place["run_id"], place["release_value"])


@st.cache_data(max_entries=KEPT_VIEWS, show_spinner="Counting the faces that can be shown …")
def _study_pictures(
    mark: changes.Mark, dataset: str, run_id: str, value: float | None
) -> dict[str, Any]:
    setting = {"dataset": dataset, "run_id": run_id, "release_value": value}
    return stimuli.possible(setting)
