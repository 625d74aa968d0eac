"""Registering a folder of photographs from the page: looked at first, written when confirmed."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.access import LOCAL_NAMES
from app.page import pictures, show, states, wording
from core import data
from core.data import checking
from core.errors import PenumbraError
from core.run import NAME

CHECKED = "own_folder"  # session key: (path, options) and what was found there
REGISTERED = "own_folder_registered"  # session key: the name just given, for a word of thanks
FACE = 72  # pixels of a previewed face
# Where the app is open to other machines, the folder in which photographs may be registered.
ROOT = "PENUMBRA_PHOTOGRAPHS"
HOW = (
    "A folder on the machine that runs Penumbra, with the photographs and a file labels.csv: one row "
    "for each photograph, `image` (path inside the folder), `identity` (who it is) and one column of "
    "0 and 1 for each attribute, such as `Smiling`. Or a folder for each person, and one row for "
    "each person."
)


def root() -> Path | None:
    """Where photographs may be registered; None: anywhere. Raises PenumbraError where the app can
    be reached from other machines and nobody said where."""
    named = os.environ.get(ROOT)
    if named:
        return Path(named).expanduser().resolve()
    if (st.get_option("server.address") or "") in LOCAL_NAMES:
        return None
    raise PenumbraError(
        "This app can be reached from other machines, so folders are not opened from the page. "
        f"Register them in a terminal (python -m core data add …), or set {ROOT} to the folder in "
        "which photographs may be registered."
    )


def register() -> None:
    """The form: path, what is found there, name, button. Writes nothing before the last."""
    try:
        place = root()
    except PenumbraError as error:
        st.info(str(error), icon=":material/lock:")
        return
    st.caption(HOW)
    more: dict[str, Any] = {
        "placeholder": "/home/you/photographs",
        "max_chars": checking.LONGEST_PATH,
    }
    typed = st.text_input("Folder with the photographs", key="own_folder_path", **more)
    label = "The folder a photograph lies in is its person"
    help = "For a CSV with a column image and none for identity."
    by_folder = st.checkbox(label, key="own_folder_people", help=help)
    if st.button("Check the folder", icon=":material/fact_check:", disabled=not typed.strip()):
        options = {"identities": "folders"} if by_folder else {}
        st.session_state.pop(CHECKED, None)
        try:
            with st.spinner("Reading the labels …"):
                path = checking.typed_path(typed, place)
                st.session_state[CHECKED] = (typed, options, checking.check(path, options))
        except PenumbraError as error:
            st.error(str(error), icon=":material/error:")
    held = st.session_state.get(CHECKED)
    if held is None:
        return
    asked, options, found = held
    if asked != typed or bool(options) != by_folder:
        st.caption("The path or the choice above has changed: check the folder again.")
        return
    if found.problems:
        _problems(found)
    else:
        _found(found)
        _confirm(found, options)


def _problems(found: checking.Checked) -> None:
    count = len(found.problems) + found.more
    st.error(
        f"{count} problem{'s' if count > 1 else ''} in the way. Nothing was registered, and your "
        "files are as they were. Mend them and check again.",
        icon=":material/error:",
    )
    st.code("\n".join(found.problems), language=None, wrap_lines=True)
    if found.more:
        st.caption(f"… and {found.more} more.")


def _found(found: checking.Checked) -> None:
    st.success(
        f"{found.images:,} photographs of {found.identities:,} people, "
        f"{len(found.attributes or {})} attributes. Nothing is wrong with the labels.",
        icon=":material/check:",
    )
    if found.preview is not None and len(found.preview):
        faces = [pictures.enlarged(face, FACE) for face in found.preview]
        show.examples(faces, FACE, "Photograph {} of the folder, as it is cut")
    for line in found.unreadable:
        st.caption(f":material/warning: Cannot be read and would be left out: {line}")
    for note in found.notes:
        st.caption(f":material/info: {note}")
    label_counts(found.attributes or {}, "own-folder-labels")


def label_counts(counts: Mapping[str, tuple[int, int]], name: str) -> None:
    rows = [
        (wording.attribute_label(attribute), yes, no, 100 * yes / max(1, yes + no))
        for attribute, (yes, no) in counts.items()
    ]
    frame = pd.DataFrame(rows, columns=["Attribute", "Yes", "No", "Share"])
    bar = st.column_config.ProgressColumn
    share = bar("Share with it", min_value=0, max_value=100, format="%.0f %%")
    alt = "How many photographs have each attribute"
    show.table(frame, name, alt, column_config={"Share": share})
    rare = [row["Attribute"] for row in frame.to_dict("records") if not 5 <= row["Share"] <= 95]
    if rare:
        text = "Rare or nearly everywhere, so hard to learn and to measure"
        st.caption(f"{text}: {', '.join(rare[:12])}.")


def _confirm(found: checking.Checked, options: dict[str, Any]) -> None:
    help = "a-z, 0-9, _ and -. It stands in folder names and commands."
    more: dict[str, Any] = {"max_chars": 40, "placeholder": "my-photographs", "help": help}
    name = st.text_input("Name of the data set", key="own_folder_name", **more).strip()
    good = bool(NAME.fullmatch(name))
    if name and not good:
        st.caption("A name has a-z, 0-9, _ and - only, and starts with a letter or digit.")
    more = {"type": "primary", "icon": ":material/add:", "disabled": not good}
    st.button("Register", on_click=_add, args=(name, found.path, options), **more)
    states.failed("own_folder_error")


def _add(name: str, path: Path, options: dict[str, Any]) -> None:
    """Register, and choose it (before widgets are drawn, as in a callback)."""
    if states.tried("own_folder_error", data.add, name, "folder", path, options):
        st.session_state["train_data"] = name
        st.session_state[REGISTERED] = name
        st.session_state.pop(CHECKED, None)
