"""Cached reading of test photographs, and of what attackers predicted for each of them.

Bounds: KEPT_FACES opened data sets (memory-mapped: no photographs in memory), KEPT_PREDICTIONS
settings' answers (some 50 kB each for 1,648 photographs, 1 MB for 20,000), KEPT_GRIDS heat maps,
KEPT_SPRITES sheets of small faces (some 500 kB each), KEPT_DRAWS sets of bootstrap draws (8 kB for
each person).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from app.cache import changes, loaders
from app.cache.loaders import kept
from app.leakage import attributes
from app.page import pictures
from app.settings import points
from core import data, results
from core.analysis import compare, subgroups
from core.data.faces import Faces
from core.data.order import canonical_order
from core.errors import PenumbraError
from core.methods import METHODS
from core.metrics import intervals
from core.run import checkpoints

KEPT_FACES = 4
KEPT_PREDICTIONS = 16
KEPT_GRIDS = 64
KEPT_SPRITES = 4
KEPT_DRAWS = 2
TILE = 48  # pixels of a small face
QUICK = ("synthetic",)  # data sets that are decoded within two seconds


def folder(row: points.Row) -> Path:
    """Where the findings of a setting's run lie."""
    return checkpoints() / row["dataset"] / row["run_id"]


def tested(dataset: str, run_id: str) -> Faces:
    """The photographs a run was measured on. Raises PenumbraError where they are not at hand, or
    were not decoded yet: that takes longer than a page may."""
    return _tested(loaders.stamp(), dataset, run_id)


@st.cache_resource(max_entries=KEPT_FACES, ttl=600, show_spinner="Opening the photographs …")
def _tested(mark: changes.Mark, dataset: str, run_id: str) -> Faces:
    run = results.read_run(Path(mark[0]) / dataset / run_id)
    preset = METHODS[run.method].presets[run.preset]
    if dataset not in QUICK and not data.is_packed(dataset, preset["height"], preset["width"]):
        raise PenumbraError(
            f"the photographs of “{dataset}” have not been decoded on this machine: train or attack "
            "a setting of it here once, and they are"
        )
    return compare.tested_faces(run)


def predictions(row: points.Row, target: str) -> subgroups.Told:
    """`core.analysis.subgroups.told` of a setting. Raises PenumbraError."""
    return _predictions(*points.where(row), target)


@kept(KEPT_PREDICTIONS, spinner="Reading what the attacker told …")
def _predictions(
    mark: changes.Mark, dataset: str, run_id: str, value: float | None, target: str
) -> subgroups.Told:
    where = compare.Setting(Path(mark[0]) / dataset / run_id, value)
    return subgroups.told(where, target, *order(dataset, run_id))


def groups(row: points.Row, target: str, attribute: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """`core.analysis.subgroups.groups` of a setting. Raises PenumbraError."""
    return _groups(points.where(row), target, attribute)


@kept(KEPT_GRIDS, copies=True)
def _groups(
    mark: changes.Mark, place: tuple[str, str, float | None], target: str, attribute: str
) -> tuple[pd.DataFrame, dict[str, float]]:
    found = _predictions.at(mark, *place, target)
    return subgroups.groups(found, attribute, _resampling(found.people.tobytes(), found.people))


@st.cache_resource(max_entries=KEPT_DRAWS, show_spinner=False)
def _resampling(people: bytes, _people: NDArray[np.int64]) -> intervals.Resampling:
    return intervals.resample_identities(_people)


def grid(settings: Sequence[points.Row]) -> pd.DataFrame:
    """`app.leakage.attributes.grid` of settings of one data set."""
    names = ("key", "dataset", "run_id", "release_value")
    return _grid([{name: row[name] for name in names} for row in settings])


@kept(KEPT_GRIDS, copies=True)
def _grid(mark: changes.Mark, settings: list[points.Row]) -> pd.DataFrame:
    chosen = {row["key"]: _strongest(row) for row in settings}
    return attributes.grid(loaders.findings(), settings, chosen)


def _strongest(row: points.Row) -> dict[str, str]:
    """Who was strongest at a setting; empty where the file that says so is damaged: the numbers do
    not depend on it."""
    try:
        return results.strongest_of_all(folder(row), points.release_value(row))
    except PenumbraError:
        return {}


def order(dataset: str, run_id: str) -> tuple[Faces, NDArray[np.int64]]:
    """The photographs a run was measured on, and the places of its test photographs in the order that
    attacks and explanations refer to. Raises PenumbraError."""
    faces = tested(dataset, run_id)
    return faces, _order(faces.fingerprint, faces.images.shape, faces)


@st.cache_data(max_entries=KEPT_FACES, show_spinner=False)
def _order(fingerprint: str, shape: tuple[int, ...], _faces: Faces) -> NDArray[np.int64]:
    return canonical_order(_faces, _faces.indices("test"))


def sprite(faces: Faces, rows: NDArray[np.int64]) -> tuple[str, int]:
    """Small faces at `rows` in one picture, as a data address; and how many stand in a row."""
    return _sprite(faces.fingerprint, faces.images.shape, rows.tolist(), faces)


@st.cache_data(max_entries=KEPT_SPRITES, show_spinner=False)
def _sprite(
    fingerprint: str, shape: tuple[int, ...], rows: list[int], _faces: Faces
) -> tuple[str, int]:
    packed, columns = pictures.sprite(_faces.images[rows], TILE)
    return pictures.data_url(packed, "webp"), columns
