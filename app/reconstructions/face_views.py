"""Original beside recovered: pairs, one face along a knob, one face by every attacker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.cache import loaders
from app.page import pictures, show, wording
from app.reconstructions import attackers, swipe
from app.settings import pickers, points
from core.errors import PenumbraError
from core.metrics import of_pictures

PAIR, FRAME = 102, 112  # pixels of one picture on the page
EXTREMES = 3  # faces shown as most, and as least, recovered

Found = dict[str, np.ndarray]


def load(dataset: str, row: dict[str, Any], who: str) -> tuple[Found | None, str, str]:
    """(pictures of one setting, "", who drew them) or (None, why there are none, who)."""
    value = attackers.release_value(row)
    asked = (loaders.stamp(), dataset, row["run_id"])
    try:
        if who == attackers.STRONGEST:
            who = loaders.strongest_redrawer(*asked, value) or attackers.FIRST
        return loaders.redrawn(*asked, who, value), "", who
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
    value = float(found["ms_ssim"][number])
    return f"{wording.likeness(value)} · {value:.2f}"


def pairs(found: Found, order: Sequence[int]) -> None:
    """Original left, recovered right."""
    with st.container(horizontal=True, gap="small"):
        for number in order:
            both = pictures.pair(found["originals"][number], found["reconstructions"][number], PAIR)
            text = likeness(found, number)
            wide = 2 * PAIR + pictures.GAP
            with st.container(width=wide, gap="xxsmall"):
                st.image(
                    pictures.png(both, wide), width=wide, output_format="PNG",
                    alt=f"Face {number + 1}: original left, recovered right ({text})",
                )  # fmt: skip
                st.caption(f"**{number + 1}** {text}", help=details(found, number))


def frame(picture: np.ndarray, text: str, alt: str, more: str | None = None) -> None:
    """One picture with its words below."""
    with st.container(width=FRAME, gap="xxsmall"):
        large = pictures.png(pictures.enlarged(picture, FRAME), FRAME)
        st.image(large, width=FRAME, output_format="PNG", alt=alt)
        st.caption(text, help=more)


def knob(lines: Sequence[points.Line]) -> points.Line:
    """The knob of the film strip, asked where there are several."""
    symbols = {line.knob.name: line.knob.symbol for line in lines if line.knob is not None}
    if len(symbols) < 2:
        return lines[0]
    chosen = pickers.choose(
        "Along", list(symbols), "along", symbols.__getitem__, control="segmented"
    )
    return next(line for line in lines if line.knob is not None and line.knob.name == chosen)


def film(original: np.ndarray, name: str, steps: Sequence[tuple[str, bool, Found, int]]) -> None:
    """One face from weak to strong protection: (value of the knob in words, whether it is the
    chosen one, pictures, position of the face in them) of each step."""
    with st.container(horizontal=True, gap="small"):
        frame(original, "original", f"{name}, original")
        for value, here, found, number in steps:
            frame(
                found["reconstructions"][number],
                (f":orange[**{value}**]" if here else value)
                + f"  \n{float(found['ms_ssim'][number]):.2f}",
                f"{name} recovered at {value}: {likeness(found, number)}",
                f"{wording.likeness(float(found['ms_ssim'][number])).capitalize()}  \n"
                f"{details(found, number)}",
            )


def step_name(line: points.Line, setting: dict[str, Any]) -> str:
    """ "λ₁ = 1" of a setting on a line."""
    assert line.knob is not None
    return f"{line.knob.symbol} = {setting[f'knob:{line.knob.name}']:g}"


def along(
    line: points.Line, rows: points.Rows, chosen_key: str, dataset: str, who: str, face: int
) -> tuple[list[tuple[str, bool, Found, int]], list[str]]:
    """(steps of a film, what is left out and why) of one test face along a knob."""
    by_key = {setting["key"]: setting for setting in rows}
    steps, missing = [], []
    for setting in (by_key[key] for key in line.keys):
        there, problem, _ = load(dataset, setting, who)
        if there is None or face >= len(there["reconstructions"]):
            missing.append(f"{step_name(line, setting)}: {problem or 'this face was not redrawn'}")
        else:
            steps.append((step_name(line, setting), setting["key"] == chosen_key, there, face))
    return steps, missing


def compared(found: Found, face: int) -> None:
    """The two pictures of one face under a handle."""
    swipe.swipe(
        found["originals"][face], found["reconstructions"][face], f"Face {face + 1}", "swipe_face"
    )
    st.caption(
        "Drag the handle, or move it with the arrow keys.",
    )


def verdict_of(found: Found, face: int) -> None:
    """What is recovered of one face, in words and by every measure."""
    value = float(found["ms_ssim"][face])
    st.markdown(f"**Of face {face + 1} the attacker recovers {recovered(value)}.**")
    st.caption(details(found, face))


def recovered(ms_ssim: float) -> str:
    """The grades of `wording.likeness` inside a sentence."""
    word = wording.likeness(ms_ssim)
    return {
        "closely alike": "a close likeness",
        "nearly the same": "nearly the same picture",
    }.get(word, word)


Drawn = list[tuple[str, Found]]


def drawn_by(
    dataset: str, row: dict[str, Any], among: Sequence[str], face: int
) -> tuple[Drawn, list[str]]:
    """(attackers with their pictures of one face, the best first; those who kept fewer faces)."""
    drawn: Drawn = []
    short: list[str] = []
    for who in among:
        there, _, _ = load(dataset, row, who)
        if there is None:
            continue
        if face < len(there["reconstructions"]):
            drawn.append((who, there))
        else:
            short.append(attackers.label(who))
    return sorted(drawn, key=lambda one: -float(one[1]["ms_ssim"][face])), short


def by_attacker(drawn: Drawn, short: Sequence[str], face: int) -> None:
    """One face as every attacker of this setting redraws it."""
    with st.container(horizontal=True, gap="small"):
        for who, there in drawn:
            name = attackers.label(who)
            frame(
                there["reconstructions"][face],
                f"**{float(there['ms_ssim'][face]):.2f}** {name}",
                f"Face {face + 1}, redrawn by: {name} ({likeness(there, face)})",
                details(there, face),
            )
    if short:
        st.caption(f"Kept fewer faces, this one not among them: {', '.join(short)}.")


def measures(drawn: Drawn, face: int) -> None:
    """The same as a table to take away."""
    show.table(
        attackers.measures_table([(who, there, face) for who, there in drawn]),
        f"attackers-face-{face + 1}",
        f"How well each attacker redraws face {face + 1}",
    )


def extremes(found: Found) -> None:
    """The faces of which most, and least, is recovered."""
    ranked = pictures.order(found["ms_ssim"], "most")
    count = min(EXTREMES, len(ranked) // 2)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Least protected: recovered best**")
        pairs(found, ranked[:count])
    with right:
        st.markdown("**Best protected: recovered least**")
        pairs(found, ranked[::-1][:count])
