"""Data sets of which only numbers are here (`core.storage.numbers_only`): what they are called, and
what a page says in place of pictures."""

from collections.abc import Mapping

import streamlit as st

from app.cache import loaders
from app.settings import points
from core import results
from core.analysis.provenance import commands
from core.errors import PenumbraError
from core.storage.numbers_only import NumbersOnly

COMPUTED = "synthetic"  # the data set that shows nobody, and comes with its pictures


def of(dataset: str) -> NumbersOnly | None:
    """What is said of a data set of which only numbers are here; None of any other."""
    return loaders.only_numbers().get(dataset)


def titles(datasets: list[str]) -> dict[str, str]:
    """Data sets, those of which only numbers are here first, -> what the sidebar calls them."""
    known: Mapping[str, NumbersOnly] = loaders.only_numbers()
    named = {name: f"{known[name].title} (numbers only)" for name in datasets if name in known}
    return named | {name: name for name in datasets if name not in known}


def title(dataset: str) -> str:
    """What a sentence calls a data set."""
    said = of(dataset)
    return dataset if said is None else said.title


def instead(row: points.Row, what: str) -> bool:
    """Where of a setting's data set only numbers are here: say so in place of `what` (in words, as a
    plural: "the redrawn pictures"), how to get it, and where pictures are. Returns whether that was
    so."""
    said = of(row["dataset"])
    if said is None:
        return False
    with st.container(border=True):
        st.markdown(
            f"**{said.whose} is here in numbers only.** Its photographs, and networks trained on them, "
            f"may not be passed on: to see {what}, get {said.whose} from those who publish it, and "
            f"these commands make them on your machine, in the data set “{said.own_name}”."
        )
        try:
            made = commands(results.read_run(points.where(row).folder))
            st.code("\n".join(made), language=None, wrap_lines=True)
        except PenumbraError as error:
            st.warning(str(error), icon=":material/warning:")
        if COMPUTED in loaders.datasets():
            label, icon = "Look at the synthetic faces", ":material/face:"
            st.button(label, key=f"computed {what}", icon=icon, on_click=_computed)
    return True


def _computed() -> None:
    st.session_state["data"] = COMPUTED
