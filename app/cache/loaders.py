"""Cached reading of run folders. Caches are bounded and refresh when a folder changes.

What a cache shares between all sessions (`copies=False`) is not to be written to.
"""

import functools
import gc
import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.evidence import learning_curve
from app.page import pictures
from app.reconstructions.attackers import FIRST, STRONGEST
from app.settings import outcomes, points, proofs, unprotected, views
from app.settings.views import View
from app.study import findings as study_findings
from app.trade_off import possible as line_of_the_possible
from core import data, explain, results
from core.analysis import compare
from core.analysis import provenance as prove
from core.attacks.attackers import CERTIFICATE, OWN_DECODERS, shown_under
from core.attacks.attributes.learning_curve import data_curve
from core.errors import PenumbraError
from core.explain import photographs as explain_photographs
from core.published import pairing
from core.run import checkpoints
from core.storage import (
    array_file,
    attack_folders,
    cost_file,
    numbers_only,
    run_folder,
    whole_folders,
)
from core.storage import training_log as training_log_file
from core.storage.numbers_only import NumbersOnly
from core.storage.pictures import kept_pictures, unpacked
from core.study.material import stimuli

# (checkpoint folder, how many times `changed` found, their sum, `app.study.findings.version`)
Mark = tuple[str, int, int, str]
DEPTH = 5  # <dataset>/<run>/attacks/<protocol>/<attack>
FILES_DOWN_TO = 3  # run.json, done and the like; a run's parts are written as whole folders
FRESH = 0.5  # seconds
_looked: dict[str, tuple[float, Mark]] = {}
KEPT_TABLES = 4
KEPT_VIEWS = 64
KEPT_DATASETS = 16
PREVIEW = 112  # pixels of an example face
KEPT_PICTURES = 96  # settings; a few hundred kilobytes each
KEPT_EXPLANATIONS = 160  # of settings; some ten kilobytes each, unpacked a few hundred

Explained = tuple[dict[str, np.ndarray], dict[str, Any]]  # arrays, facts


@st.cache_resource
def settle() -> None:
    """Once per process, after a page has loaded what it needs: keep the garbage collector, which
    Streamlit calls after every redraw, from walking through all imported modules."""
    gc.collect()
    gc.freeze()


def changed(folder: str, depth: int = 1) -> list[int]:
    """When each folder below the checkpoint folder, and each file of a run, was last changed, in ns.

    A folder changes when something in it is made, replaced or removed. That is how everything here
    is written (`core.storage.files`), so the thousands of files inside need not be asked.
    """
    found: list[int] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                below = entry.is_dir(follow_symlinks=False)
                if below or depth <= FILES_DOWN_TO:
                    found.append(entry.stat(follow_symlinks=False).st_mtime_ns)
                if below and depth < DEPTH:
                    found += changed(entry.path, depth + 1)
    except FileNotFoundError:
        return found  # removed while it was being looked at: the next look says so
    return found


def stamp() -> Mark:
    """Changes whenever a run or an attack is finished, removed or replaced, or what closed studies
    found changes; looked up at most twice a second, since a redraw asks for it several times."""
    root = str(checkpoints())
    now = time.monotonic()
    looked, mark = _looked.get(root, (-math.inf, None))
    if mark is None or now - looked > FRESH:
        times = changed(root)
        mark = (root, len(times), sum(times), study_findings.version())
        _looked.clear()
        _looked[root] = (now, mark)
    return mark


def kept(
    entries: int, copies: bool = False, spinner: bool | str = False, **options: Any
) -> Callable[..., Any]:
    """Decorator: cache what a function reads of the checkpoint folder until that changes.

    A row among its arguments reaches the function as its `points.Place`, since nothing else of a
    setting tells what is read. `copies`: each caller gets a copy of its own.
    """
    store = st.cache_data if copies else st.cache_resource

    def decorate(read: Callable[..., Any]) -> Callable[..., Any]:
        def marked(mark: Mark, *arguments: Any) -> Any:
            return read(*arguments)

        # what Streamlit tells functions apart by
        marked.__module__, marked.__qualname__ = read.__module__, read.__qualname__
        cached = store(max_entries=entries, show_spinner=spinner, **options)(marked)

        @functools.wraps(read)
        def now(*arguments: Any) -> Any:
            told = (points.where(a) if isinstance(a, Mapping) else a for a in arguments)
            return cached(stamp(), *told)

        return now

    return decorate


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner="Reading the trained settings …")
def _files(root: str, count: int, total: int) -> tuple[pd.DataFrame, list[str]]:
    return results.read(Path(root))


@kept(KEPT_TABLES)
def _read() -> tuple[pd.DataFrame, list[str]]:
    """Findings of the files, and of closed studies where there are any."""
    root, count, total, closed = stamp()
    table, wrong = _files(root, count, total)
    if not closed:
        return table, wrong
    asked, left_out = study_findings.findings()
    if not asked.empty:
        table = pd.concat([table, asked], ignore_index=True)
    return table, [*wrong, *left_out]


def findings() -> pd.DataFrame:
    """All findings (shared)."""
    return _read()[0]


def problems() -> list[str]:
    """One line for each damaged thing that was left out of the findings."""
    return _read()[1]


def of_run(run_id: str) -> pd.DataFrame:
    """The findings of one run (shared)."""
    return _by_run().get(run_id, findings().iloc[:0])


@kept(KEPT_TABLES)
def _by_run() -> dict[str, pd.DataFrame]:
    """A redraw asks for one run; going through all rows for it would take as long as the rest."""
    return dict(list(findings().groupby("run_id", sort=False)))


@kept(KEPT_TABLES, copies=True)
def runs() -> pd.DataFrame:
    """One row per run folder."""
    return results.runs(checkpoints())


@kept(KEPT_TABLES, copies=True)
def costs(dataset: str) -> tuple[pd.DataFrame, list[str]]:
    """(`core.storage.cost_file.rows` of all runs of a data set, one line for each damaged file)."""
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    for folder in run_folder.all_folders(checkpoints()):
        if folder.parent.name == dataset:
            try:
                rows += cost_file.rows(folder)
            except PenumbraError as error:
                wrong.append(str(error))
    return pd.DataFrame(rows, columns=[*cost_file.RECORD, *cost_file.RELEASE]), wrong


@kept(KEPT_TABLES)
def only_numbers() -> dict[str, NumbersOnly]:
    """What is said of each data set of which only numbers are here (shared)."""
    return numbers_only.declared(checkpoints())


@kept(KEPT_TABLES, copies=True)
def datasets() -> list[str]:
    """`app.settings.views.datasets`."""
    return views.datasets(findings(), only_numbers())


@kept(4 * KEPT_VIEWS, copies=True)
def offered(what: str, *choices: Any) -> list[str]:
    """What `app.settings.views.<what>` finds among the findings."""
    return getattr(views, what)(findings(), *choices)


@kept(KEPT_VIEWS, copies=True)
def settings(view: View) -> pd.DataFrame:
    """`app.settings.outcomes.settings` of what is being looked at."""
    return outcomes.settings(findings(), view)


@kept(KEPT_VIEWS, copies=True)
def references(view: View) -> dict[str, dict[str, Any]]:
    """`app.settings.unprotected.references` of what is being looked at."""
    return unprotected.references(findings(), view)


@kept(KEPT_TABLES)
def measured() -> list[pairing.Setting]:
    """`core.published.pairing.measured` (shared)."""
    try:
        sources = {name: str(entry["source"]) for name, entry in data.catalogue().items()}
    except PenumbraError:  # the registry is damaged, as the Train page says: names are enough here
        sources = {}
    return pairing.measured(findings(), sources)


def measured_on(dataset: str, preset: str) -> list[pairing.Setting]:
    """Those of `measured` on a data set, at a size."""
    here = (dataset, preset)
    return [setting for setting in measured() if (setting["dataset"], setting["preset"]) == here]


def reconstructions(row: points.Row, who: str = STRONGEST) -> tuple[dict[str, np.ndarray], str]:
    """(`kept_pictures` of a setting, who drew them); `STRONGEST`: on validation. Raises
    PenumbraError where there are none."""
    if who == STRONGEST:
        who = _strongest(row) or FIRST
    return _reconstructions(row, who), who


@kept(KEPT_PICTURES, copies=True)
def _reconstructions(place: points.Place, attack: str) -> dict[str, np.ndarray]:
    return kept_pictures(place.folder, attack, place.release_value, shown_under(attack))


@kept(KEPT_PICTURES, copies=True)
def own_decoder_drew(place: points.Place) -> str | None:
    """The decoder of a setting's own training whose pictures were kept, if any."""
    for name in OWN_DECODERS:
        task = attack_folders.Task(shown_under(name), name, place.release_value)
        if array_file.exist(attack_folders.place(place.folder, task)):
            return name
    return None


@kept(KEPT_PICTURES, copies=True)
def _strongest(place: points.Place) -> str | None:
    """None where nobody was chosen. Raises PenumbraError where the file is damaged."""
    return results.strongest(place.folder, place.release_value).get("image")


@kept(KEPT_VIEWS, copies=True)
def curve(place: points.Place, attribute: str) -> pd.DataFrame:
    """`learning_curve.frame`; empty where it was not measured. Raises PenumbraError when
    damaged."""
    task = attack_folders.Task("strict", data_curve.name, place.release_value)
    attack = attack_folders.place(place.folder, task)
    if not whole_folders.is_done(attack) or not array_file.exist(attack):
        return pd.DataFrame()
    return learning_curve.frame(array_file.read(attack), attribute)


@kept(KEPT_VIEWS)
def certificate(place: points.Place) -> dict[str, np.ndarray]:
    """The arrays beside what is proven of one setting (shared). Raises PenumbraError where there are
    none."""
    task = attack_folders.Task("proof", CERTIFICATE.name, place.release_value)
    return array_file.read(attack_folders.place(place.folder, task))


@kept(KEPT_VIEWS)
def possible(view: View) -> line_of_the_possible.Possible | None:
    """What is possible at all on people of the data set, by the first certificate that says so of the
    view's task and secret (shared); None where none does."""
    known = proofs.rows(findings())
    mine = known[(known["dataset"] == view.dataset) & (known["tasks"] == view.task)]
    mine = mine[mine["target"] == view.target]
    if not line_of_the_possible.asked_of(view):
        return None
    for row in mine.drop_duplicates("run_id").to_dict("records"):
        try:
            arrays = certificate(row)
            found = line_of_the_possible.read(arrays, view.target.partition(":")[2])
        except PenumbraError:  # a certificate without it: the next may have it
            continue
        if found is not None:
            return found
    return None


@kept(KEPT_EXPLANATIONS)
def explanation(place: points.Place, name: str) -> Explained:
    """`core.explain.read` of one setting (shared). Raises PenumbraError where there is none."""
    return explain.read(place.folder, name, place.release_value)


@kept(KEPT_VIEWS)
def photograph_maps(dataset: str, run_id: str, target: str) -> Explained:
    """`core.explain.photographs.read` of a run, with its pictures unpacked as `originals` and
    `means` (shared). Raises PenumbraError where there is none."""
    arrays, facts = explain_photographs.read(checkpoints() / dataset / run_id, target)
    return arrays | {name: unpacked(name, arrays) for name in ("originals", "means")}, facts


@kept(KEPT_TABLES)
def training_log(dataset: str, run_id: str) -> list[dict[str, Any]]:
    """`core.storage.training_log.read` of a run (shared); empty where it was left out."""
    return training_log_file.read(checkpoints() / dataset / run_id)


@kept(KEPT_VIEWS, copies=True, spinner="Comparing the same photographs …")
def paired(*places: points.Place) -> pd.DataFrame:
    """`core.analysis.compare.compare`: second minus first. Raises PenumbraError."""
    return compare.compare(*(compare.Setting(at.folder, at.release_value) for at in places))


def provenance(row: points.Row) -> tuple[dict[str, Any], list[str]]:
    """(`core.analysis.provenance.provenance`, `core.analysis.provenance.commands`) of a setting.
    Raises PenumbraError where its folder is damaged."""
    place = points.where(row)
    run = results.read_run(place.folder)
    return prove.provenance(place.folder, place.release_value), prove.commands(run)


def about(dataset: str) -> dict[str, Any]:
    """`core.data.describe`, a few faces as "preview", and what is wrong as "problem"."""
    return _about(dataset, entry_of(dataset))


def entry_of(dataset: str) -> str:
    """What is registered of a data set: a cache of what it holds follows it."""
    return json.dumps(data.catalogue().get(dataset, {}), sort_keys=True, default=str)


@st.cache_data(max_entries=KEPT_DATASETS, ttl=60, show_spinner="Reading the labels …")
def _about(dataset: str, entry: str) -> dict[str, Any]:
    try:
        faces = [pictures.enlarged(face, PREVIEW) for face in data.preview(dataset, 6, PREVIEW)]
        return data.describe(dataset) | {"preview": faces, "problem": None}
    except PenumbraError as error:
        return {"problem": str(error), "preview": [], "attributes": {}}


@kept(KEPT_VIEWS, copies=True, spinner="Counting the faces that can be shown …")
def study_pictures(place: points.Place) -> dict[str, Any]:
    """`core.study.material.stimuli.possible`. Raises PenumbraError without readable pictures."""
    return stimuli.possible(place._asdict())
