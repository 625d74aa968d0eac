"""Reconstructions: what would an attacker see?"""

import streamlit as st

from app import loaders, pickers, pictures, points, redrawers, states, verdict, wording
from core.errors import PenumbraError
from core.methods import METHODS

ORDERS = {"mixed": "Mixed", "most": "Most recovered first", "least": "Least recovered first"}
SHOWN = 8  # pairs at a time
PAIR, FRAME = 102, 112  # pixels of one picture on the page

st.title("What would an attacker see?", anchor=False)
findings = loaders.findings()
if findings.empty:
    states.damaged(loaders.problems())
    states.nothing_trained(loaders.runs())
    st.stop()
looked_at = pickers.sidebar(findings)
view = looked_at._replace(target="image", protocol="strict")
table = loaders.settings(view)
measured = {*table["method"], *loaders.settings(looked_at)["method"]}
method = pickers.method(measured) if measured else ""
if method not in set(table["method"]):
    released = f"what {METHODS[method].title} releases" if method else "anything released here"
    states.nothing_measured(
        f"No attacker has redrawn pictures from {released}. "
        "Choose another method in the sidebar, or measure this one."
    )
    states.damaged(loaders.problems())
    st.stop()
unprotected = points.reference(loaders.references(view), method)
rows = pickers.variant(points.records(points.compared(table, unprotected)), method)


among = redrawers.measured(findings, {row["run_id"] for row in rows if row["method"] == method})


def load(row: dict, who: str) -> tuple[dict | None, str, str]:
    """(pictures of one setting, "", who drew them) or (None, why there are none, who)."""
    release_value = row["release_value"] if wording.known(row["release_value"]) else None
    asked = (loaders.stamp(), view.dataset, row["run_id"])
    try:
        if who == redrawers.STRONGEST:
            who = loaders.strongest_redrawer(*asked, release_value) or redrawers.FIRST
        return loaders.redrawn(*asked, who, release_value), "", who
    except PenumbraError as error:
        return None, str(error), who


def caption(found: dict, number: int) -> str:
    """All measures of one picture, for pointing at."""
    return "  \n".join(
        f"{wording.METRICS[name][0]} ({name.upper().replace('_', '-')}): "
        f"{wording.score(name, float(found[name][number]))}"
        for name in ("ms_ssim", "ssim", "psnr")
    )


def likeness(found: dict, number: int) -> str:
    value = float(found["ms_ssim"][number])
    return f"{wording.likeness(value)} · {value:.2f}"


def pairs(found: dict, order: list[int]) -> None:
    """Original left, recovered right."""
    with st.container(horizontal=True, gap="small"):
        for number in order:
            both = pictures.pair(found["originals"][number], found["reconstructions"][number], PAIR)
            text = likeness(found, number)
            with st.container(width=2 * PAIR + pictures.GAP, gap="xxsmall"):
                st.image(
                    both, width=2 * PAIR + pictures.GAP, output_format="PNG",
                    alt=f"Face {number + 1}: original left, recovered right ({text})",
                )  # fmt: skip
                st.caption(f"**{number + 1}** {text}", help=caption(found, number))


def film(row: dict, chosen: dict[str, float], found: dict, who: str) -> None:
    """One face from weak to strong protection along a knob."""
    strips = [
        line for line in points.lines(rows, chosen, method) if line.method == method and line.knob
    ]
    if not strips:
        return
    st.subheader("The same face, from weak to strong protection", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        faces = range(1, len(found["originals"]) + 1)
        face = pickers.choose("Face", faces, "face", lambda number: f"Face {number}", width=140) - 1
        if len(strips) > 1:
            symbols = {line.knob.name: line.knob.symbol for line in strips}
            knob = pickers.choose(
                "Along", list(symbols), "along", symbols.__getitem__, control="segmented"
            )
            strips = [line for line in strips if line.knob.name == knob]
    line = strips[0]
    by_key = {setting["key"]: setting for setting in rows}
    missing: list[str] = []
    with st.container(horizontal=True, gap="small"):
        frame(found["originals"][face], "original", f"Face {face + 1}, original")
        for setting in (by_key[key] for key in line.keys):
            name = f"{line.knob.symbol} = {setting[f'knob:{line.knob.name}']:g}"
            there, problem, _ = load(setting, who)
            if there is None or face >= len(there["reconstructions"]):
                missing.append(f"{name}: {problem or 'this face was not redrawn'}")
                continue
            here = setting["key"] == row["key"]
            frame(
                there["reconstructions"][face],
                (f":orange[**{name}**]" if here else name) + f"  \n{float(there['ms_ssim'][face]):.2f}",
                f"Face {face + 1} recovered at {name}: {likeness(there, face)}",
                f"{wording.likeness(float(there['ms_ssim'][face])).capitalize()}  \n{caption(there, face)}",
            )  # fmt: skip
    for text in missing:
        st.caption(f":material/warning: Left out at {text}")


def frame(picture, text: str, alt: str, more: str | None = None) -> None:
    """One picture of the film strip with its words below."""
    with st.container(width=FRAME, gap="xxsmall"):
        st.image(pictures.enlarged(picture, FRAME), width=FRAME, output_format="PNG", alt=alt)
        st.caption(text, help=more)


def redrawer() -> str:
    """Whose pictures are shown: the strongest attacker's unless the reader picks another one."""
    if len(among) < 2:
        return redrawers.STRONGEST
    return pickers.choose(
        "Redrawn by", [redrawers.STRONGEST, *among], "redrawer", redrawers.label,
        help="The strongest is the attacker that did best on photographs set aside for the choice.",
    )  # fmt: skip


@st.fragment
def reconstructions() -> None:
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        chosen = pickers.knobs(rows, method)
    row = points.nearest(rows, method, chosen)
    with left:
        who = redrawer()
    found, problem, drawn_by = load(row, who)
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        how = pickers.choose("Faces", list(ORDERS), "faces", ORDERS.__getitem__)
        count = 0 if found is None else len(found["originals"])
        starts = list(range(1, count + 1, SHOWN))
        start = 1
        if len(starts) > 1:
            start = pickers.choose(
                "Shown", starts, "shown", lambda first: f"{first}–{min(count, first + SHOWN - 1)}", width=110
            )  # fmt: skip
    said = verdict.verdict(row, unprotected, view)
    with head:
        st.markdown(f"### {said.sentence}", anchors=False)
        st.markdown(verdict.mark(said.exposure))
        best = who == redrawers.STRONGEST if len(among) > 1 else None
        st.caption(redrawers.sentence(drawn_by, f"{METHODS[method].title} releases", best))
    if found is None:
        st.warning(
            f"The pictures of this setting cannot be shown. {problem}", icon=":material/warning:"
        )
        return
    pairs(found, pictures.order(found["ms_ssim"], how)[start - 1 :][:SHOWN])
    film(row, chosen, found, who)


reconstructions()
with st.expander("What the words and numbers mean"):
    for metric in ("ms_ssim", "ssim", "psnr"):
        name, _, text = wording.METRICS[metric]
        st.markdown(f"**{name.capitalize()}**: {text}")
    steps = "; ".join(f"{word} from {limit:g}" for limit, word in wording.LIKENESS)
    st.caption(
        "The faces are photographs that neither the method nor the attacker was trained on. The words "
        f"under them follow the likeness in structure: {steps}; below that hardly anything."
    )
states.damaged(loaders.problems())
loaders.settle()
