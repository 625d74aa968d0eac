"""Attention: where does the attacker look?"""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.attention import maps as attention
from app.attention import overlays
from app.cache import loaders, photographs
from app.page import pictures, show, unexplained, wording
from app.reconstructions import attackers, face_views
from app.settings import looking, pickers, points
from core.errors import PenumbraError
from core.explain import maps as maps_of

FRAME, STEP, MEAN = 156, 112, 92  # pixels of a picture of the row, of the film strip, of a group
WHO = {"attacker": "The attacker", "service": "The service"}
MEANING = (
    "**Grad-CAM** asks a network which places of a picture its answer hangs on: it follows the answer "
    "back and adds up what each place contributed.  \n"
    "**On the photograph**: a network that was trained on the attacker's photographs and sees "
    "photographs.  \n"
    "**Through the release**: a network that was trained on what this setting releases, followed back "
    "through the release into the photograph.  \n"
    "**On the redrawing**: the first network, shown what the attacker redrew.  \n"
    "**Difference**: through the release against on the photograph. Teal places lose, amber places gain. "
    "Two different networks read them, so some difference is there without any protection, too.  \n"
    "**Shares on the same places**: of two maps, each adding up to 100 %, the part that falls on the "
    "same places. 100 % is the same map."
)
LIMITS = (
    "What such maps cannot show: they say where one network looked, not everything that could be "
    "found; another attacker may look elsewhere. They are coarse: a map has {cells} cells, drawn "
    "smoothly here, and each cell has seen its neighbours. A map of a network that guesses means "
    "nothing, and an even or empty map is no proof of protection: the Trade-off page says what "
    "attackers find. Averages are taken over {count} test photographs of people nobody trained on."
)

here = looking.look("Where does the attacker look?", protocol="strict")
view = here.view


def read(row: dict[str, Any], side: str) -> attention.Look:
    """The maps of one side of a setting. Raises PenumbraError."""
    value = photographs.setting(row).value
    found = loaders.explanation(view.dataset, row["run_id"], "attention", value)
    told = found[1].get(side)
    if not isinstance(told, dict):
        raise PenumbraError("this setting serves no attribute: there is no map of the service")
    shared = loaders.photograph_maps(view.dataset, row["run_id"], str(told.get("target")))
    return attention.look(found, side, shared)


def sides(row: dict[str, Any]) -> list[str]:
    """Whose maps a setting has. Raises PenumbraError where it has not been explained."""
    value = photographs.setting(row).value
    facts = loaders.explanation(view.dataset, row["run_id"], "attention", value)[1]
    return [side for side in WHO if isinstance(facts.get(side), dict)]


def redrawn(row: dict[str, Any], face: int) -> np.ndarray | None:
    """What `mirrored_decoder` redrew of one face."""
    found, _, _ = face_views.load(view.dataset, row, attackers.FIRST)
    if found is None or face >= len(found["reconstructions"]):
        return None
    return found["reconstructions"][face]


def picture(panel: attention.Panel, width: int) -> None:
    """One picture between its heading and what is said of it."""
    with st.container(width=width, gap="xxsmall"):
        st.markdown(f"**{panel.name}**")
        st.image(
            pictures.enlarged(panel.picture, width), width=width, output_format="PNG", alt=panel.alt
        )
        st.caption(panel.text)


def scale() -> None:
    """What the colours mean."""
    for kind, low, high, alt in (
        ("attention", "does not matter", "matters", "Scale from dark teal to light amber"),
        ("difference", "Difference: less", "more", "Scale from teal over grey to amber"),
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width=300):
            st.caption(low, width="content")
            st.image(overlays.legend(kind), width=110, alt=alt)
            st.caption(high, width="content")


def one_face(row: dict[str, Any], found: attention.Look, face: int) -> None:
    """The main figure: one face, five ways."""
    drawn = attention.panels(found, face, redrawn(row, face))
    with st.container(horizontal=True, gap="small"):
        for panel in drawn:
            picture(panel, FRAME)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        scale()
        st.download_button(
            "Pictures (PNG)", lambda: overlays.png([panel.picture for panel in drawn], FRAME),
            f"penumbra-attention-face-{face + 1}.png", "image/png", icon=":material/download:",
            type="tertiary", on_click="ignore",
        )  # fmt: skip
    if found.facts.get("reason"):
        st.caption(
            f":material/info: There is no map through the release: {found.facts['reason']}. "
            "How often the attacker is right was measured all the same."
        )


def averages(found: attention.Look) -> None:
    """Groups of test people, each a mean face."""
    st.subheader("On average", anchor=False)
    with st.container(horizontal=True, gap="large"):
        for name, (mean, before, through) in found.groups.items():
            if name == "all" and len(found.groups) > 1:
                continue
            title = attention.group_label(name)
            drawn = [overlays.over(mean, before)]
            if through is not None:
                drawn += [overlays.over(mean, through), overlays.apart(mean, before, through)]
            with st.container(width=len(drawn) * (MEAN + pictures.GAP), gap="xxsmall"):
                st.markdown(f"**{title}**")
                st.image(
                    pictures.row(drawn, MEAN), width=len(drawn) * (MEAN + pictures.GAP),
                    output_format="PNG",
                    alt=f"{title}, mean face: on the photographs {attention.parts(before)}"
                    + ("" if through is None else f"; through the release {attention.parts(through)}"),
                )  # fmt: skip
                text = "on the photographs"
                if through is not None:
                    alike = float(maps_of.overlap(before, through))
                    text += f" · through the release · difference ({wording.percent(alike)} alike)"
                st.caption(text)


def strips(row: dict[str, Any]) -> list[points.Line]:
    """The curves of the method's knobs through the chosen setting."""
    found = points.lines(here.rows, looking.values(row), here.method)
    return [
        line for line in found if line.method == here.method and line.knob and len(line.keys) > 1
    ]


def weakest(row: dict[str, Any], side: str) -> tuple[attention.Look | None, str]:
    """The maps at the weakest value of the first knob that moves, and what that is called; None
    where `row` is that itself, or there are none."""
    lines = strips(row)
    first = next((one for one in here.rows if lines and one["key"] == lines[0].keys[0]), None)
    if first is None or first["key"] == row["key"]:
        return None, ""
    try:
        return read(first, side), face_views.step_name(lines[0], first)
    except PenumbraError:
        return None, ""


def film(row: dict[str, Any], side: str, face: int) -> None:
    """The map of one face from weak to strong protection."""
    lines = strips(row)
    if not lines:
        return
    st.subheader("From weak to strong protection", anchor=False)
    line = face_views.knob(lines)
    by_key = {setting["key"]: setting for setting in here.rows}
    with st.container(horizontal=True, gap="small"):
        for setting in (by_key[key] for key in line.keys):
            name = face_views.step_name(line, setting)
            here_now = setting["key"] == row["key"]
            label = f":orange[**{name}**]" if here_now else name
            try:
                step = read(setting, side)
            except PenumbraError as error:
                st.caption(f"{label}  \nnot there", help=str(error), width=STEP)
                continue
            if step.through is None or face >= len(step.originals):
                st.caption(f"{label}  \nno map", help=step.facts.get("reason"), width=STEP)
                continue
            right = wording.percent(step.facts.get("balanced_accuracy"))
            face_views.frame(
                overlays.over(step.originals[face], step.through[face]),
                f"{label}  \nright in {right}",
                f"Face {face + 1} at {name}: {attention.parts(step.through[face])}; right in {right}",
                attention.sentence(setting, step, side),
            )


def numbers() -> pd.DataFrame:
    """Every setting of the method, both sides."""
    found = []
    for row in here.rows:
        if row["method"] != here.method:
            continue
        value = photographs.setting(row).value
        try:
            facts = loaders.explanation(view.dataset, row["run_id"], "attention", value)[1]
        except PenumbraError:
            continue
        found.append((row, facts))
    return attention.table(found)


@st.fragment
def maps() -> None:
    """Verdict, knob, and the maps."""
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 4], gap="large", vertical_alignment="bottom")
    with left:
        row = looking.setting(here)
    try:
        offered = sides(row)
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            side = pickers.choose(
                "Who looks", offered, "who", WHO.__getitem__, control="segmented",
                help="The attacker reads what should stay private; the service does its task.",
            )  # fmt: skip
            found = read(row, side)
            faces = list(range(1, len(found.originals) + 1))
            face = pickers.choose(
                "Face", faces, "face", lambda number: f"Face {number}", width=120
            )  # fmt: skip
    except PenumbraError as error:
        unexplained.missing(row, "attention", "The maps", "about a minute", str(error))
        return
    bare, name = weakest(row, side)
    asked = side == "attacker" and view.target == f"attribute:{found.target}"
    best = row["value"] if asked and row["conclusive"] else None
    with head:
        show.verdict(attention.sentence(row, found, side, bare, name))
        st.caption(attention.detail(found, side, bare, name, best))
    one_face(row, found, face - 1)
    averages(found)
    film(row, side, face - 1)
    with st.expander("All settings of this method, in numbers", key="attention_numbers", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            show.table(numbers(), "attention", "Where each setting's attacker and service look")
    with st.expander("What the maps mean, and what they cannot show"):
        st.markdown(MEANING)
        cells = "coarse" if found.through is None else " × ".join(map(str, found.through.shape[1:]))
        st.markdown(LIMITS.format(cells=cells, count=300))


maps()
looking.ended()
