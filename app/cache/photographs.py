"""Cached reading of test photographs, of what attackers predicted for each of them, and of the networks
that redraw a visitor's own. Nothing that a visitor uploads goes through a cache.

Bounds: KEPT_FACES opened data sets (memory-mapped: no photographs in memory), KEPT_PREDICTIONS
settings' answers (some 50 kB each for 1,648 photographs, 1 MB for 20,000), KEPT_GRIDS heat maps,
KEPT_SPRITES sheets of small faces (some 500 kB each), KEPT_DRAWS sets of bootstrap draws (8 kB for
each person), KEPT_NETWORKS settings' networks (compact ones some megabytes each, published ones some
tens), KEPT_PLACES data sets' places of faces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from app.cache import loaders
from app.cache.loaders import entry_of, kept
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
from core.own_photograph import face_place
from core.run import checkpoints
from core.storage import numbers_only

if TYPE_CHECKING:
    from core.own_photograph.redraw import Restored

KEPT_FACES = 4
KEPT_PREDICTIONS = 16
KEPT_GRIDS = 64
KEPT_SPRITES = 4
KEPT_DRAWS = 2
KEPT_NETWORKS = 24
KEPT_PLACES = 16
TILE = 48  # pixels of a small face
SIZE = 96  # pixels of the photographs in which faces are looked for, where none is packed
QUICK = ("synthetic",)  # data sets that are decoded within two seconds


def _same_faces(faces: Faces) -> tuple[str, tuple[int, ...]]:
    return faces.fingerprint, faces.images.shape


@kept(KEPT_FACES, ttl=600, spinner="Opening the photographs …")
def tested(dataset: str, run_id: str) -> Faces:
    """The photographs a run was measured on. Raises PenumbraError where they are not at hand, or
    not decoded yet: that takes longer than a page may."""
    folder = checkpoints() / dataset / run_id
    numbers_only.refuse(folder)
    run = results.read_run(folder)
    size = METHODS[run.method].size(run.preset)
    if dataset not in QUICK and not data.is_packed(dataset, *size):
        raise PenumbraError(
            f"the photographs of “{dataset}” have not been decoded on this machine: train or attack "
            "a setting of it here once, and they are"
        )
    return compare.tested_faces(run)


@kept(KEPT_PREDICTIONS, spinner="Reading what the attacker told …")
def predictions(place: points.Place, target: str) -> subgroups.Told:
    """`core.analysis.subgroups.told` of a setting. Raises PenumbraError."""
    where = compare.Setting(place.folder, place.release_value)
    return subgroups.told(where, target, *order(place.dataset, place.run_id))


@kept(KEPT_GRIDS, copies=True)
def groups(
    place: points.Place, target: str, attribute: str
) -> tuple[pd.DataFrame, dict[str, float]]:
    """`core.analysis.subgroups.groups` of a setting. Raises PenumbraError."""
    found = predictions(place, target)
    return subgroups.groups(found, attribute, _resampling(found.people))


@st.cache_resource(max_entries=KEPT_DRAWS, show_spinner=False)
def _resampling(people: NDArray[np.int64]) -> intervals.Resampling:
    return intervals.resample_identities(people)


@kept(KEPT_GRIDS, copies=True)
def grid(*places: points.Place) -> pd.DataFrame:
    """`app.leakage.attributes.grid` of settings of one data set."""
    settings = [{"key": at.key, **at._asdict()} for at in places]
    return attributes.grid(loaders.findings(), settings, {at.key: _strongest(at) for at in places})


def _strongest(place: points.Place) -> dict[str, str]:
    """Empty where the file that says so is damaged: the numbers do not depend on it."""
    try:
        return results.strongest(place.folder, place.release_value)
    except PenumbraError:
        return {}


def order(dataset: str, run_id: str) -> tuple[Faces, NDArray[np.int64]]:
    """The photographs a run was measured on, and the places of its test photographs in the order
    that attacks and explanations refer to. Raises PenumbraError."""
    faces = tested(dataset, run_id)
    return faces, _order(faces)


@st.cache_data(max_entries=KEPT_FACES, show_spinner=False, hash_funcs={Faces: _same_faces})
def _order(faces: Faces) -> NDArray[np.int64]:
    return canonical_order(faces, faces.indices("test"))


@st.cache_data(max_entries=KEPT_SPRITES, show_spinner=False, hash_funcs={Faces: _same_faces})
def sprite(faces: Faces, rows: NDArray[np.int64]) -> tuple[str, int]:
    """Small faces at `rows` in one picture, as a data address; and how many stand in a row."""
    packed, columns = pictures.sprite(faces.images[rows], TILE)
    return pictures.data_url(packed, "webp"), columns


@kept(KEPT_NETWORKS, spinner="Waking the attacker …")
def restored(place: points.Place) -> Restored:
    """The attacker of a setting. Raises PenumbraError where it cannot be restored."""
    from core.own_photograph import redraw

    return redraw.restore(place.folder, place.release_value)


def usual(dataset: str) -> face_place.Usual:
    """Where the data set has its faces. Raises PenumbraError where its photographs are not
    there."""
    return _usual(dataset, entry_of(dataset))


@st.cache_data(max_entries=KEPT_PLACES, show_spinner="Looking where this data set has its faces …")
def _usual(dataset: str, entry: str) -> face_place.Usual:
    return face_place.usual_box(data.preview(dataset, face_place.EXAMPLES, SIZE))
