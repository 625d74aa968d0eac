"""Compare: which of two settings is better?"""

import numpy as np
import pandas as pd
import streamlit as st

from app.cache import loaders
from app.evidence import comparison
from app.page import pictures, show, states, wording
from app.reconstructions import attackers
from app.settings import looking as looking_at
from app.settings import pickers, points
from app.trade_off import goal
from core.errors import PenumbraError

FACE = 88  # pixels of one picture
SHOWN = 6  # faces
UNIT = "%.1f"

looking = looking_at.look("Which of two settings is better?", protocol="strict")
view, rows = looking.view, points.records(looking.table)
by_key = {row["key"]: row for row in rows}
names = wording.unique_labels(list(by_key), lambda key: goal.name(by_key[key]))


def second(one: dict) -> dict:
    """The setting to compare with: the unprotected one unless the reader picks another."""
    keys = [key for key in by_key if key != one["key"]]
    bare = looking.unprotected
    usual = next((k for k in keys if bare and by_key[k]["method"] == bare["method"]), keys[0])
    key = pickers.choose(
        "Second setting", keys, "with", names.__getitem__, default=usual,
        help="What the first setting, chosen by the sliders, is compared with.",
    )  # fmt: skip
    return by_key[key]


def faces(one: dict, other: dict) -> None:
    """The same faces as the strongest attacker redraws them at both settings."""
    drawn = {}
    for name, row in (("first", one), ("second", other)):
        value = row["release_value"] if wording.known(row["release_value"]) else None
        try:
            asked = (loaders.stamp(), view.dataset, row["run_id"])
            who = loaders.strongest_redrawer(*asked, value) or attackers.FIRST
            drawn[name] = loaders.redrawn(*asked, who, value)
        except PenumbraError as error:
            st.caption(f":material/warning: No pictures of the {name} setting: {error}")
    if len(drawn) < 2:
        return
    st.subheader("The same faces, as the strongest attacker redraws them", anchor=False)
    common = np.intersect1d(drawn["first"]["positions"], drawn["second"]["positions"])[:SHOWN]
    at = {
        name: [found["positions"].tolist().index(position) for position in common]
        for name, found in drawn.items()
    }
    with st.container(horizontal=True, gap="medium"):
        for face in range(len(common)):
            first, last = (drawn[name] | {"at": at[name][face]} for name in ("first", "second"))
            with st.container(width=3 * FACE + 2 * pictures.GAP, gap="xxsmall"):
                st.image(
                    pictures.row(
                        [first["originals"][first["at"]], first["reconstructions"][first["at"]],
                         last["reconstructions"][last["at"]]], FACE,
                    ),
                    width=3 * FACE + 2 * pictures.GAP, output_format="PNG",
                    alt=f"Face {face + 1}: original, redrawn at the first setting, at the second",
                )  # fmt: skip
                likeness = [float(found["ms_ssim"][found["at"]]) for found in (first, last)]
                st.caption(f"original · {likeness[0]:.2f} · {likeness[1]:.2f}")
    st.caption(
        "Original, first setting, second setting; the numbers are the likeness in structure."
    )


@st.fragment
def compare() -> None:
    head = st.container(gap="xsmall")
    left, right = st.columns([5, 4], gap="large", vertical_alignment="bottom")
    with left:
        one = looking_at.setting(looking)
    with right:
        other = second(one)
    paired = pd.DataFrame()
    try:
        paired = loaders.paired(view.dataset, other, one)
    except PenumbraError as error:
        st.info(
            f"Not compared photograph by photograph: {error}. What follows compares the two "
            "measurements by their intervals.", icon=":material/info:",
        )  # fmt: skip
    found = comparison.differences(paired, one, other, view)
    said = comparison.sentence(found, one, other, view)
    with head:
        show.verdict(said)
        st.caption(
            " ".join(filter(None, (
                comparison.others(found),
                "Both were attacked on the same photographs, and both are resampled together.",
            )))
        )  # fmt: skip
    show.chart(
        comparison.figure(comparison.drawn(found), (goal.name(one), goal.name(other)), states.dark()), "compare", found, said,
        note="Bars: 95 % intervals of the differences.",
    )  # fmt: skip
    faces(one, other)
    with st.expander("All numbers", key="compare_numbers", on_change="rerun") as folder:
        if folder.open:
            number = st.column_config.NumberColumn
            show.table(
                comparison.table(found), "compare-numbers", "Every number of both settings", found,
                column_config={
                    name: number(f"{name}, %" if name in ("First", "Second") else name, format=UNIT)
                    for name in ("First", "Second", "First minus second", "from", "to")
                },
            )  # fmt: skip
            st.caption(
                "Attributes: right guesses of the strongest attacker, or of the best task network for "
                "the service. Identity: photographs named rightly. Differences in points. Where the same "
                "people are not resampled, the interval is made from both settings' own, and wider."
            )


if len(rows) > 1:
    compare()
else:
    st.info("Only one setting was measured for this choice: train a second one to compare it with.",
            icon=":material/info:")  # fmt: skip
looking_at.ended()
