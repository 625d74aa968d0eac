"""The reader's own photograph, attacked: upload or camera, placed as in training, redrawn.

What is uploaded lives in the reader's session and nowhere else: no cache that sessions share sees
it, nothing is written. One photograph is kept at a time, and dropped when it is taken out.
"""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.cache import loaders, photographs
from app.page import components, pictures, show, wording
from app.reconstructions import attackers, face_views
from app.settings import looking, only_numbers, pickers, points
from app.settings.looking import Looking
from app.settings.strips import Strip
from core.errors import PenumbraError
from core.methods import METHODS
from core.own_photograph import face_place, upload

STATE = "own_photograph"  # session key: one photograph, decoded, and where its faces are
SOURCES = {"file": "From a file", "camera": "With the camera"}
MOVES = {"own_zoom": 1.0, "own_across": 0.0, "own_down": 0.0}  # sliders and where they start
SIDE = 188  # pixels of a picture
PRIVATE = (
    "Your photograph stays in the memory of the machine that runs Penumbra: it is never stored or "
    "passed on, and is gone when you take it out or close this page."
)
SYNTHETIC = (
    "Network and attacker learned on synthetic faces; had they learned on real ones, more might be "
    "recovered of a real photograph: take this as a look, not as a measurement."
)


class Own(NamedTuple):
    file: str
    picture: np.ndarray  # uint8 (H, W, 3), upright
    faces: list[face_place.Box]  # the largest first


def view(here: Looking) -> None:
    """The photograph in, and what the attacker of a setting makes of it."""
    dataset = here.view.dataset
    if only_numbers.of(dataset):
        only_numbers.instead(looking.setting(here), "what an attacker makes of your photograph")
        return
    head = st.container(gap="xsmall")
    left, right = st.columns([2, 5], gap="large")
    with left:
        own = _photograph()
    with right:
        row = looking.setting(here)
        if own is None:
            st.markdown("**What you will see here**")
            st.markdown(
                "Your face as the network on the device sees it; beside it the picture that an "
                "attacker draws from what leaves the device; and how that changes as protection grows."
            )
            return
        with left:
            picture, outline = _placed(own, dataset, row)
        try:
            found = _reconstructed(row, picture)
        except PenumbraError as error:
            st.warning(str(error), icon=":material/warning:")
            found = None
        _views(picture, found)
    with left:
        alt = "Your photograph; the part that is used is outlined"
        st.image(outline, width=min(SIDE, outline.shape[1]), output_format="PNG", alt=alt)
        st.caption("Your photograph. The outlined part is used.")
    with head:
        if found is not None:
            value = float(found["ms_ssim"][0])
            st.markdown(
                f"## From your photograph this attacker recovers {face_views.recovered(value)}: "
                f"{value:.2f}, where 1 is the same picture.",
                anchors=False,
            )
            synthetic = f" {SYNTHETIC}" if row["dataset"] == "synthetic" else ""
            st.caption(
                f"The attacker: a {wording.attacker(attackers.FIRST)}, trained afterwards on other "
                "people's photographs. "
                f"{attackers.ahead_sentence(here.findings, row)}{synthetic}"
            )
    if strips := looking.strips(here, row):
        _film(picture, row, face_views.picked(strips))


def _photograph() -> Own | None:
    """What the reader gave, decoded and searched for faces once."""
    if pickers.segmented("Photograph", SOURCES, "own_from") == "file":
        more = {"key": "own_file", "max_upload_size": upload.MOST_BYTES >> 20}
        label = "Photograph of a face, from the front"
        given = st.file_uploader(label, ["jpg", "jpeg", "png", "webp"], **more)
    else:
        given = st.camera_input("Look straight into the camera", key="own_camera")
    st.caption(f":material/lock: {PRIVATE}")
    if given is None:
        st.session_state.pop(STATE, None)
        return None
    kept = st.session_state.get(STATE)
    if kept is not None and kept.file == given.file_id:
        return kept
    st.session_state.pop(STATE, None)
    try:
        picture = upload.read(given.getvalue())
    except PenumbraError as error:
        st.error(f"{error} Nothing of it was kept.", icon=":material/error:")
        return None
    with st.spinner("Looking for the face …"):
        own = Own(given.file_id, picture, face_place.find_faces(picture))
    st.session_state[STATE] = own
    for key, start in MOVES.items():
        st.session_state[key] = start
    st.session_state.pop("own_face", None)
    return own


def _placed(own: Own, dataset: str, row: points.Row) -> tuple[np.ndarray, np.ndarray]:
    """(the photograph as the network sees it, the whole with an outline of that part)."""
    height, width = METHODS[row["method"]].size(row["preset"])
    try:
        usual = photographs.usual(dataset)
    except PenumbraError as error:
        usual = face_place.UNKNOWN
        st.warning(f"Where this data set has its faces is not known. {error}")
    if not own.faces:
        st.warning(
            "No face was found from the front, so the middle of the photograph is used. Move the "
            "sliders until the face lies in the picture as in the examples.",
            icon=":material/face_retouching_off:",
        )
    face = own.faces[0] if own.faces else None
    if len(own.faces) > 1:
        st.info(
            f"{len(own.faces)} faces were found; the largest is used unless you choose another.",
            icon=":material/group:",
        )
        names = ["Largest", *(f"Number {number}" for number in range(2, len(own.faces) + 1))]
        more = {"default": 0, "required": True, "format_func": names.__getitem__}
        chosen = st.segmented_control("Face", list(range(len(names))), key="own_face", **more)
        face = own.faces[chosen or 0]
    with st.expander("Move or enlarge the face", expanded=not own.faces):
        if len(preview := loaders.about(dataset)["preview"]):
            st.caption("The network learned on faces that lie like these:")
            show.examples(preview, 56, "Example face {}")
        columns = st.columns(3, gap="medium")
        zoom = columns[0].slider("Size of the face", 0.5, 3.0, step=0.05, key="own_zoom")
        across = columns[1].slider("Left to right", -0.5, 0.5, step=0.02, key="own_across")
        down = columns[2].slider("Up to down", -0.5, 0.5, step=0.02, key="own_down")
    shape = own.picture.shape[:2]
    part = face_place.window(face, usual, shape, width / height, zoom, -across, -down)
    cut = face_place.cut(own.picture, part, height, width)
    return cut, pictures.outlined(own.picture, part, SIDE)


def _reconstructed(row: points.Row, picture: np.ndarray) -> face_views.Found | None:
    """What the kept attacker of a setting makes of one picture; None where none was kept."""
    from core.own_photograph import redraw

    place = points.where(row)
    if not redraw.kept(place.folder, place.release_value):
        return None
    return redraw.redraw(photographs.restored(row), picture[None])


def _views(picture: np.ndarray, found: face_views.Found | None) -> None:
    with st.container(horizontal=True, gap="small"):
        show.picture(picture, SIDE, "Your face as the network sees it", "as the network sees it")
        if found is None:
            return
        text, back = face_views.likeness(found, 0), found["reconstructions"][0]
        alt, more = f"Your face as recovered: {text}", face_views.details(found, 0)
        show.picture(back, SIDE, alt, f"recovered: {text}", more)
        with st.container(width=SIDE, gap="xxsmall"):
            components.swipe(picture, back, "Your face", "swipe_own", SIDE)


def _film(picture: np.ndarray, row: points.Row, strip: Strip) -> None:
    """Your face along a strip, wherever the attacker's network was kept."""
    st.markdown(f"**Your face, {strip.heading}**")
    steps, missing = [], []
    for name, setting in strip.steps:
        try:
            found = _reconstructed(setting, picture)
        except PenumbraError as error:
            st.caption(f":material/warning: Left out at {name}: {error}")
            continue
        if found is None:
            missing.append(name)
        else:
            steps.append((name, setting["key"] == row["key"], found, 0))
    if steps:
        face_views.film(picture, "Your face", steps)
    if missing:
        there = ", ".join(name for name, *_ in steps) or "none of these settings"
        st.info(
            f"This attacker's network was kept at {there} only, to save space. Left out: "
            f"{', '.join(missing)}. The test photographs show all of them.",
            icon=":material/info:",
        )
