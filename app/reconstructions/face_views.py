"""Original beside recovered: pairs, one face along what was varied, one face by every attacker."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.cache import loaders
from app.page import components, pictures, show, wording
from app.reconstructions import attackers
from app.settings import only_numbers, pickers, points
from app.settings.strips import Strip
from core.errors import PenumbraError
from core.metrics import of_pictures

PAIR, FRAME = 102, 112  # pixels of one picture on the page
COMPARED, SMALL = 6, 88  # faces beside each other at two settings, and their pixels
EXTREMES = 3  # faces shown as most, and as least, recovered

Found = dict[str, np.ndarray]
Step = tuple[str, bool, Found, int]  # of a film


def load(row: points.Row, who: str = attackers.STRONGEST) -> tuple[Found | None, str, str]:
    """(pictures of one setting, "", who drew them) or (None, why there are none, who)."""
    try:
        found, drawn_by = loaders.reconstructions(row, who)
        return found, "", drawn_by
    except PenumbraError as error:
        return None, str(error), who


def details(found: Found, number: int) -> str:
    """All measures of one picture, for pointing at."""
    return "  \n".join(
        f"{metric.title} ({metric.symbol}): "
        f"{wording.score(metric.name, float(found[metric.name][number]))}"
        for metric in of_pictures()
        if metric.name in found
    )


def likeness(found: Found, number: int) -> str:
    """ "closely alike · 0.91" """
    return wording.graded(float(found["ms_ssim"][number]))


def pairs(found: Found, order: Sequence[int]) -> None:
    with st.container(horizontal=True, gap="small"):
        for number in order:
            text = likeness(found, number)
            both = [found["originals"][number], found["reconstructions"][number]]
            alt = f"Face {number + 1}: original left, recovered right ({text})"
            wide = _width(2, PAIR)
            picture = pictures.png(pictures.row(both, PAIR), wide)  # a slider waits for them
            _row(picture, wide, alt, f"**{number + 1}** {text}", details(found, number))


def _width(count: int, width: int) -> int:
    """Pixels across so many pictures beside each other."""
    return count * (width + pictures.GAP) - pictures.GAP


def _row(picture: Any, width: int, alt: str, text: str, help: str | None = None) -> None:
    with st.container(width=width, gap="xxsmall"):
        st.image(picture, width=width, output_format="PNG", alt=alt)
        st.caption(text, help=help)


def at_two_settings(one: points.Row, other: points.Row) -> None:
    """The same faces as the strongest attacker reconstructs them at both settings."""
    if only_numbers.instead(one, "the same faces redrawn at both settings"):
        return
    drawn: list[Found] = []
    for name, row in (("first", one), ("second", other)):
        found, problem, _ = load(row)
        if found is None:
            st.caption(f":material/warning: No pictures of the {name} setting: {problem}")
        else:
            drawn.append(found)
    if len(drawn) < 2:
        return
    st.subheader("The same faces, as the strongest attacker redraws them", anchor=False)
    triples(*drawn, "redrawn at the first setting, at the second")
    st.caption(
        "Original, first setting, second setting; the numbers are the likeness in structure."
    )


def triples(first: Found, last: Found, both: str) -> None:
    """The first faces that were redrawn twice, each beside its original; `both` says how."""
    common = np.intersect1d(first["positions"], last["positions"])[:COMPARED]
    with st.container(horizontal=True, gap="medium"):
        for face, position in enumerate(common):
            i, j = (int(np.flatnonzero(f["positions"] == position)[0]) for f in (first, last))
            row = [first["originals"][i], first["reconstructions"][i], last["reconstructions"][j]]
            alt = f"Face {face + 1}: original, {both}"
            text = f"original · {first['ms_ssim'][i]:.2f} · {last['ms_ssim'][j]:.2f}"
            _row(pictures.row(row, SMALL), _width(3, SMALL), alt, text)


def picked(strips: Sequence[Strip]) -> Strip:
    """What a film strip goes along, asked where there are several."""
    if len(strips) < 2:
        return strips[0]
    titles = {strip.name: strip.label for strip in strips}
    chosen = pickers.segmented("Along", titles, "along")
    return next(strip for strip in strips if strip.name == chosen)


def film(original: np.ndarray, name: str, steps: Sequence[Step]) -> None:
    """One face at one setting after the other."""
    with st.container(horizontal=True, gap="small"):
        show.picture(original, FRAME, f"{name}, original", "original")
        for value, here, found, number in steps:
            ms_ssim = float(found["ms_ssim"][number])
            label = f":orange[**{value}**]" if here else value
            words = f"{wording.likeness(ms_ssim).capitalize()}  \n{details(found, number)}"
            alt = f"{name} recovered at {value}: {likeness(found, number)}"
            picture = found["reconstructions"][number]
            show.picture(picture, FRAME, alt, f"{label}  \n{ms_ssim:.2f}", words)


def along(strip: Strip, chosen_key: str, who: str, face: int) -> tuple[list[Step], list[str]]:
    """(steps of a film, what is left out and why) of one test face."""
    steps, missing = [], []
    for name, setting in strip.steps:
        there, problem, _ = load(setting, who)
        if there is None or face >= len(there["reconstructions"]):
            missing.append(f"{name}: {problem or 'this face was not redrawn'}")
        else:
            steps.append((name, setting["key"] == chosen_key, there, face))
    return steps, missing


def compared(found: Found, face: int) -> None:
    both = found["originals"][face], found["reconstructions"][face]
    components.swipe(*both, f"Face {face + 1}", "swipe_face")
    st.caption("Drag the handle, or move it with the arrow keys.")


def verdict_of(found: Found, face: int) -> None:
    value = float(found["ms_ssim"][face])
    st.markdown(f"**Of face {face + 1} the attacker recovers {recovered(value)}.**")
    st.caption(details(found, face))


def recovered(ms_ssim: float) -> str:
    """The grades of `wording.likeness` inside a sentence."""
    word = wording.likeness(ms_ssim)
    if word == "closely alike":
        return "a close likeness"
    return "nearly the same picture" if word == "nearly the same" else word


Drawn = list[tuple[str, Found]]


def drawn_by(row: points.Row, among: Sequence[str], face: int) -> tuple[Drawn, list[str]]:
    """(attackers with their pictures of one face, the best first; those who kept fewer faces)."""
    drawn: Drawn = []
    short: list[str] = []
    for who in among:
        there, _, _ = load(row, who)
        if there is None:
            continue
        if face < len(there["reconstructions"]):
            drawn.append((who, there))
        else:
            short.append(attackers.label(who))
    return sorted(drawn, key=lambda one: -float(one[1]["ms_ssim"][face])), short


def by_attacker(drawn: Drawn, short: Sequence[str], face: int) -> None:
    with st.container(horizontal=True, gap="small"):
        for who, there in drawn:
            name = attackers.label(who)
            alt = f"Face {face + 1}, redrawn by: {name} ({likeness(there, face)})"
            text = f"**{float(there['ms_ssim'][face]):.2f}** {name}"
            show.picture(there["reconstructions"][face], FRAME, alt, text, details(there, face))
    if short:
        st.caption(f"Kept fewer faces, this one not among them: {', '.join(short)}.")


def measures(drawn: Drawn, face: int) -> None:
    table, alt = (
        attackers.measures_table(drawn, face),
        f"How well each attacker redraws face {face + 1}",
    )
    show.table(table, f"attackers-face-{face + 1}", alt)


def extremes(found: Found) -> None:
    ranked = pictures.order(found["ms_ssim"], "most")
    count = min(EXTREMES, len(ranked) // 2)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Least protected: recovered best**")
        pairs(found, ranked[:count])
    with right:
        st.markdown("**Best protected: recovered least**")
        pairs(found, ranked[::-1][:count])
