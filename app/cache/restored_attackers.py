"""Restored networks and the place of faces in a data set, cached for all sessions. Nothing that a
visitor uploads goes through a cache: what is kept here belongs to runs and data sets alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.cache.loaders import entry_of, kept
from app.settings import points
from core import data
from core.own_photograph import face_place, redraw

if TYPE_CHECKING:
    from core.own_photograph.redraw import Restored

KEPT_NETWORKS = 24  # settings; compact networks have some megabytes each, published some tens
KEPT_PLACES = 16  # data sets
SIZE = 96  # pixels of the photographs in which faces are looked for, where none is packed


def restorable(row: points.Row) -> bool:
    """Whether the attacker of a setting can be restored."""
    place = points.where(row)
    return redraw.kept(place.folder, place.release_value)


@kept(KEPT_NETWORKS, spinner="Waking the attacker …")
def restored(place: points.Place) -> Restored:
    """The attacker of a setting. Raises PenumbraError where it cannot be restored."""
    return redraw.restore(place.folder, place.release_value)


def usual(dataset: str) -> face_place.Usual:
    """Where the data set has its faces. Raises PenumbraError where its photographs are not there."""
    return _usual(dataset, entry_of(dataset))


@st.cache_data(max_entries=KEPT_PLACES, show_spinner="Looking where this data set has its faces …")
def _usual(dataset: str, entry: str) -> face_place.Usual:
    return face_place.usual_box(data.preview(dataset, face_place.EXAMPLES, SIZE))
