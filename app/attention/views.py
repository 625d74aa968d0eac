"""What the attention page shows: one face five ways, groups of people, and a face along a knob."""

from functools import partial

import numpy as np
import streamlit as st

from app.attention import overlays, saliency
from app.attention.saliency import Look
from app.cache import loaders
from app.page import pictures, show, wording
from app.reconstructions import attackers, face_views
from app.settings import looking, points, strips
from app.settings.looking import Looking
from core.errors import PenumbraError
from core.explain import maps

FRAME, STEP, MEAN = 156, 112, 92  # pixels of a picture of the row, of the film strip, of a group
SIDES = {"attacker": "The attacker", "service": "The service"}
SCALES = (
    ("attention", "does not matter", "matters", "Scale from dark teal to light amber"),
    ("difference", "Difference: less", "more", "Scale from teal over grey to amber"),
)


def sides(row: points.Row) -> dict[str, str]:
    """Whose maps a setting has. Raises PenumbraError where it has not been explained."""
    facts = loaders.explanation(row, "attention")[1]
    return {side: title for side, title in SIDES.items() if isinstance(facts.get(side), dict)}


def read(row: points.Row, side: str) -> Look:
    """The maps of one side of a setting. Raises PenumbraError."""
    found = loaders.explanation(row, "attention")
    about = found[1].get(side)
    if not isinstance(about, dict):
        raise PenumbraError("this setting serves no attribute: there is no map of the service")
    shared = loaders.photograph_maps(row["dataset"], row["run_id"], str(about.get("target")))
    return saliency.look(found, side, shared)


def weakest(here: Looking, row: points.Row, side: str) -> tuple[Look | None, str]:
    """The maps at the weakest value of the first knob that moves, and its name; None of `row`."""
    curves = looking.curves(here, row)
    first = next((one for one in here.rows if curves and one["key"] == curves[0].keys[0]), None)
    if first is None or first["key"] == row["key"]:
        return None, ""
    try:
        return read(first, side), strips.step_name(curves[0], first)
    except PenumbraError:
        return None, ""


def one_face(row: points.Row, found: Look, face: int) -> None:
    drawn = saliency.panels(found, face, _reconstruction(row, face))
    with st.container(horizontal=True, gap="small"):
        for panel in drawn:
            show.picture(panel.picture, FRAME, panel.alt, panel.text, title=panel.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        for kind, low, high, alt in SCALES:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width=300):
                st.caption(low, width="content")
                st.image(overlays.legend(kind), width=110, alt=alt)
                st.caption(high, width="content")
        name = f"attention-face-{face + 1}.png"
        packed = partial(overlays.png, [panel.picture for panel in drawn], FRAME)
        show.download("Pictures (PNG)", packed, name, "image/png", type="tertiary")
    if found.facts.get("reason"):
        st.caption(
            f":material/info: There is no map through the release: {found.facts['reason']}. "
            "How often the attacker is right was measured all the same."
        )


def _reconstruction(row: points.Row, face: int) -> np.ndarray | None:
    found, _, _ = face_views.load(row, attackers.FIRST)
    if found is None or face >= len(found["reconstructions"]):
        return None
    return found["reconstructions"][face]


def averages(found: Look) -> None:
    st.subheader("On average", anchor=False)
    with st.container(horizontal=True, gap="large"):
        for name, group in found.groups.items():
            if name != "all" or len(found.groups) == 1:
                _group(saliency.group_label(name), *group)


def _group(title: str, mean: np.ndarray, before: np.ndarray, through: np.ndarray | None) -> None:
    drawn, text = [overlays.over(mean, before)], "on the photographs"
    alt = f"{title}, mean face: on the photographs {saliency.parts(before)}"
    if through is not None:
        drawn += [overlays.over(mean, through), overlays.apart(mean, before, through)]
        alike = wording.percent(float(maps.overlap(before, through)))
        text += f" · through the release · difference ({alike} alike)"
        alt += f"; through the release {saliency.parts(through)}"
    width = len(drawn) * (MEAN + pictures.GAP)
    with st.container(width=width, gap="xxsmall"):
        st.markdown(f"**{title}**")
        st.image(pictures.row(drawn, MEAN), width=width, output_format="PNG", alt=alt)
        st.caption(text)


def film(here: Looking, row: points.Row, side: str, face: int) -> None:
    found = looking.strips(here, row)
    if not found:
        return
    place = st.container()
    strip = face_views.picked(found)
    place.subheader(wording.capital(strip.heading), anchor=False)
    with st.container(horizontal=True, gap="small"):
        for name, setting in strip.steps:
            label = f":orange[**{name}**]" if setting["key"] == row["key"] else name
            _step(setting, name, label, side, face)


def _step(setting: points.Row, name: str, label: str, side: str, face: int) -> None:
    try:
        found = read(setting, side)
    except PenumbraError as error:
        st.caption(f"{label}  \nnot there", help=str(error), width=STEP)
        return
    if found.through is None or face >= len(found.originals):
        st.caption(f"{label}  \nno map", help=found.facts.get("reason"), width=STEP)
        return
    right = wording.percent(found.facts.get("balanced_accuracy"))
    lit = found.through[face]
    alt = f"Face {face + 1} at {name}: {saliency.parts(lit)}; right in {right}"
    picture = overlays.over(found.originals[face], lit)
    more = saliency.sentence(setting, found, side)
    show.picture(picture, STEP, alt, f"{label}  \nright in {right}", more)


def numbers(here: Looking) -> None:
    found = []
    for row in here.rows:
        if row["method"] == here.method:
            try:
                found.append((row, loaders.explanation(row, "attention")[1]))
            except PenumbraError:
                continue
    table = saliency.table(found)
    show.table(table, "attention", "Where each setting's attacker and service look")
