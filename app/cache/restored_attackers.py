"""Restored networks and the place of faces in a data set, cached for all sessions. Nothing that a
visitor uploads goes through a cache: what is kept here belongs to runs and data sets alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.cache import changes, loaders
from core import data
from core.own_photograph import face_place, redraw

if TYPE_CHECKING:
    from core.own_photograph.redraw import Restored

KEPT_NETWORKS = (
    24  # settings; compact networks have some megabytes each, published widths some tens
)
KEPT_PLACES = 16  # data sets
SIZE = (
    96  # pixels of the photographs in which a data set's faces are looked for, where none is packed
)


def kept(row: dict[str, Any], dataset: str) -> bool:
    """Whether the attacker of a setting can be restored."""
    return redraw.kept(_folder(row, dataset), _value(row))


def restored(row: dict[str, Any], dataset: str) -> Restored:
    """The attacker of a setting. Raises PenumbraError where it cannot be restored."""
    return _restored(loaders.stamp(), dataset, row["run_id"], _value(row))


@st.cache_resource(max_entries=KEPT_NETWORKS, show_spinner="Waking the attacker …")
def _restored(mark: changes.Mark, dataset: str, run_id: str, value: float | None) -> Restored:
    return redraw.restore(Path(mark[0]) / dataset / run_id, value)


def usual(dataset: str) -> face_place.Usual:
    """Where the data set has its faces. Raises PenumbraError where its photographs are not there."""
    entry = data.catalogue().get(dataset, {})
    return _usual(dataset, json.dumps(entry, sort_keys=True, default=str))


@st.cache_data(max_entries=KEPT_PLACES, show_spinner="Looking where this data set has its faces …")
def _usual(dataset: str, entry: str) -> face_place.Usual:
    return face_place.usual_box(data.preview(dataset, face_place.EXAMPLES, SIZE))


def _folder(row: dict[str, Any], dataset: str) -> Path:
    return Path(loaders.stamp()[0]) / dataset / row["run_id"]


def _value(row: dict[str, Any]) -> float | None:
    value = row["release_value"]
    return None if value is None or value != value else float(value)
