"""Compare: which of two settings is better?"""

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.evidence import comparison
from app.page import show, states, wording
from app.reconstructions import face_views
from app.settings import looking, only_numbers, pickers, points
from core.errors import PenumbraError

here = looking.look("Which of two settings is better?", protocol="strict")
by_key = {row["key"]: row for row in points.records(here.table)}
names = wording.unique_labels(list(by_key), lambda key: points.name(by_key[key]))


def second(one: points.Row) -> points.Row:
    """The setting to compare with: the unprotected one unless the reader picks another."""
    others = {key: name for key, name in names.items() if key != one["key"]}
    bare = here.unprotected["method"] if here.unprotected else None
    usual = next((key for key in others if by_key[key]["method"] == bare), None)
    help = "What the first setting, chosen by the sliders, is compared with."
    return by_key[pickers.choose("Second setting", others, "with", help=help, default=usual)]


def numbers(found: pd.DataFrame) -> None:
    columns = show.columns("%.1f", "First minus second", "from", "to")
    columns |= show.columns("%.1f", "First", "Second", title="{}, %")
    shown, alt = comparison.table(found), "Every number of both settings"
    show.table(shown, "compare-numbers", alt, found, column_config=columns)
    st.caption(
        "Attributes: right guesses of the strongest attacker, or of the best task network for "
        "the service. Identity: photographs named rightly. Differences in points. Where the same "
        "people are not resampled, the interval is made from both settings' own, and wider."
    )


@st.fragment
def compare() -> None:
    head, left, right = show.opening(5, 4)
    with left:
        one = looking.setting(here)
    with right:
        other = second(one)
    paired = pd.DataFrame()
    try:
        paired = loaders.paired(other, one)
    except PenumbraError as error:
        why = "only numbers are here" if only_numbers.of(one["dataset"]) else error
        text = (
            f"Not compared photograph by photograph: {why}. What follows compares the two "
            "measurements by their intervals."
        )
        st.info(text, icon=":material/info:")
    found = comparison.differences(paired, one, other, here.view)
    sentence = comparison.sentence(found, one, other, here.view)
    with head:
        same = "Both were attacked on the same photographs, and both are resampled together."
        under = (
            comparison.proven(one, other),
            comparison.others(found),
            "" if paired.empty else same,
        )
        show.verdict(sentence, " ".join(filter(None, under)))
    titles = points.name(one), points.name(other)
    figure = comparison.figure(comparison.drawn(found), titles, states.colours())
    show.chart(figure, "compare", found, sentence, note="Bars: 95 % intervals of the differences.")
    face_views.at_two_settings(one, other)
    show.folded("All numbers", "compare_numbers", numbers, found)


if len(by_key) > 1:
    compare()
else:
    text = "Only one setting was measured for this choice: train a second one to compare it with."
    st.info(text, icon=":material/info:")
looking.ended()
