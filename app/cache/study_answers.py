"""Cached reading of a study's answers. Caches are bounded and refresh when somebody answers."""

from typing import Any

import pandas as pd
import streamlit as st

from app.cache import loaders
from core.study import studies
from core.study.analysis import breakdown, results

KEPT = 6  # studies, of people and of simulated participants; ten megabytes for each 50,000 answers
KEPT_PICTURES = 48  # questions; some hundred kilobytes each
Study = dict[str, Any]


def listed() -> list[Study]:
    """Studies that were ever ready, newest first. Raises PenumbraError without a database."""
    return [s for s in studies.list_studies() if s["state"] in ("ready", "open", "closed")]


def _mark(study: Study) -> tuple[Any, ...]:
    """Changes whenever an answer comes or goes."""
    names = ("id", "state", "answers", "participants", "finished", "withdrawn", "simulated")
    return tuple(study[name] for name in names)


def _mark_with_runs(study: Study) -> tuple[Any, ...]:
    return *_mark(study), *loaders.stamp()


@st.cache_resource(max_entries=KEPT, show_spinner="Reading the answers …", hash_funcs={dict: _mark})
def answers(study: Study, simulated: bool) -> pd.DataFrame:
    """`core.study.analysis.results.answers`. Shared by all sessions: not to be written to."""
    return results.answers(study["id"], simulated)


@st.cache_resource(
    max_entries=KEPT, show_spinner="Counting the answers …", hash_funcs={dict: _mark_with_runs}
)
def summary(study: Study, simulated: bool) -> tuple[pd.DataFrame, dict[str, Any], list[str]]:
    """(`core.study.analysis.results.summary`, run id -> what it is, one line for each run that is
    gone)."""
    table = results.summary(answers(study, simulated))
    return table, *results.described(table)


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False)
def pictures(study_id: str, item: int) -> dict[str, Any]:
    """`core.study.analysis.results.pictures`."""
    return results.pictures(study_id, item)


@st.cache_data(max_entries=8 * KEPT, show_spinner="Counting how many more it takes …")
def more(n: int, share: float, chance: float, width: float) -> dict[str, int | None]:
    """`core.study.analysis.breakdown.more` of a row with these numbers."""
    return breakdown.more({"n": n, "share": share, "chance": chance}, width)
