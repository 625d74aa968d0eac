"""Reconstructions: what would an attacker see?"""

import streamlit as st

from app import loaders, pickers, pictures, points, states, verdict, wording
from core.errors import PenumbraError
from core.methods import METHODS

ATTACK = "mirrored_decoder"
ORDERS = {"mixed": "Mixed", "most": "Most recovered first", "least": "Least recovered first"}
SHOWN = 8  # pairs
WIDTH = 112  # pixels of one picture, at most

st.title("What would an attacker see?", anchor=False)
findings, problems = loaders.findings()
if findings.empty:
    states.damaged(problems)
    states.nothing_trained(loaders.runs())
    st.stop()
looked_at = pickers.sidebar(findings)
view = looked_at._replace(target="image", protocol="strict")
table = loaders.settings(view)
rows = points.records(table)
measured = {*table["method"], *loaders.settings(looked_at)["method"]}
method = pickers.method(measured) if measured else ""
if method not in set(table["method"]):
    released = f"what {METHODS[method].title} releases" if method else "anything released here"
    states.nothing_measured(
        f"No attacker has redrawn pictures from {released}. "
        "Choose another method in the sidebar, or measure this one."
    )
    states.damaged(problems)
    st.stop()


def load(row: dict) -> dict | None:
    """Pictures of one setting, or None with a word about why there are none."""
    release_value = row["release_value"] if wording.known(row["release_value"]) else None
    try:
        return loaders.redrawn(loaders.stamp(), view.dataset, row["run_id"], ATTACK, release_value)
    except PenumbraError as error:
        st.warning(
            f"The pictures of this setting cannot be shown. {error}", icon=":material/warning:"
        )
        return None


def caption(found: dict, number: int) -> tuple[str, str]:
    """(one metric in words, all of them for pointing at) of one picture."""
    values = {name: float(found[name][number]) for name in ("ms_ssim", "ssim", "psnr")}
    more = "  \n".join(
        f"{wording.METRICS[name][0]} ({name.upper().replace('_', '-')}): {wording.score(name, value)}"
        for name, value in values.items()
    )
    return f"{wording.likeness(values['ms_ssim'])} · {values['ms_ssim']:.2f}", more


def pairs(found: dict, how: str) -> None:
    """Original left, recovered right."""
    with st.container(horizontal=True, gap="medium"):
        for number in pictures.order(found["ms_ssim"], how)[:SHOWN]:
            text, more = caption(found, number)
            both = pictures.pair(
                found["originals"][number], found["reconstructions"][number], WIDTH
            )
            with st.container(width=both.shape[1], gap="xxsmall"):
                st.image(
                    both, width=both.shape[1], output_format="PNG",
                    alt=f"Face {number + 1}: original left, recovered right ({text})",
                )  # fmt: skip
                st.caption(f"**{number + 1}** {text}", help=more)


def film(row: dict, chosen: dict[str, float], found: dict) -> None:
    """One face from weak to strong protection along a knob."""
    strips = [
        line for line in points.lines(rows, chosen, method) if line.method == method and line.knob
    ]
    if not strips:
        return
    st.subheader("From weak to strong protection", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = len(found["originals"])
        face = pickers.choose("Face", range(1, count + 1), "face", str, control="segmented") - 1
        if len(strips) > 1:
            symbols = {line.knob.name: line.knob.symbol for line in strips}
            knob = pickers.choose(
                "Along", list(symbols), "along", symbols.__getitem__, control="segmented"
            )
            strips = [line for line in strips if line.knob.name == knob]
    line = strips[0]
    by_key = {setting["key"]: setting for setting in rows}
    with st.container(horizontal=True, gap="small"):
        frame(found["originals"][face], "original", "", "Original face")
        for setting in (by_key[key] for key in line.keys):
            there = load(setting)
            if there is None or face >= len(there["reconstructions"]):
                continue
            name = f"{line.knob.symbol} = {setting[f'knob:{line.knob.name}']:g}"
            here = setting["key"] == row["key"]
            text, more = caption(there, face)
            frame(
                there["reconstructions"][face],
                f":primary[**{name}**]" if here else name,
                text, f"Face {face + 1} recovered at {name} ({text})", more,
            )  # fmt: skip


def frame(picture, name: str, text: str, alt: str, more: str | None = None) -> None:
    """One picture of the film strip with its words below."""
    large = pictures.enlarged(picture, WIDTH)
    with st.container(width=large.shape[1], gap="xxsmall"):
        st.image(large, width=large.shape[1], output_format="PNG", alt=alt)
        st.caption(f"{name}  \n{text}", help=more)


@st.fragment
def reconstructions() -> None:
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        chosen = pickers.knobs(rows, method)
    with right:
        how = pickers.choose("Faces", list(ORDERS), "faces", ORDERS.__getitem__)
    row = points.nearest(rows, method, chosen)
    said = verdict.verdict(row, points.unprotected(rows), view)
    with head:
        st.markdown(f"### {said.sentence}", anchors=False)
        st.caption(
            "A likeness of 1 is the same picture. Left the original, right what the attacker recovers: "
            f"a {wording.ATTACKERS[ATTACK]}, trained afterwards on other people's photographs and what "
            f"{METHODS[method].title} releases of them."
        )
    found = load(row)
    if found is None:
        return
    pairs(found, how)
    film(row, chosen, found)


reconstructions()
with st.expander("What the words and numbers mean"):
    for metric in ("ms_ssim", "ssim", "psnr"):
        name, _, text = wording.METRICS[metric]
        st.markdown(f"**{name.capitalize()}**: {text}")
    st.caption(
        "The faces are photographs that neither the method nor the attacker was trained on. The words "
        "under them (nearly the same, closely alike, a coarse likeness, faint traces, hardly anything) "
        "divide the likeness in structure at 0.90, 0.75, 0.55 and 0.35."
    )
states.damaged(problems)
loaders.settle()
