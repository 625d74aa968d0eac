"""Penumbra: import path, page list, theme. Start with `streamlit run app/main.py`."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
if str(ROOT) not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    # for hot reload of core/ and for the trainings that the app starts
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )

import streamlit as st  # noqa: E402 (after the import path is set)

from app import access  # noqa: E402


class Page(NamedTuple):
    """A page of the officers': `pages/<name>.py`, at the address `/<name>`."""

    section: str
    name: str
    title: str
    icon: str  # of Material Symbols


# In the order of the navigation; the first one opens. A page is its file and its line here.
PAGES = (
    Page("Explore", "trade_off", "Trade-off", "balance"),
    Page("Explore", "reconstructions", "Reconstructions", "face"),
    Page("Explore", "attention", "Attention", "visibility"),
    Page("Explore", "embeddings", "Embeddings", "scatter_plot"),
    Page("Explore", "leaks", "What else leaks", "leak_add"),
    Page("Explore", "noise", "Noise", "grain"),
    Page("Explore", "device_cost", "Device cost", "memory"),
    Page("Decide", "proof", "Proof", "verified"),
    Page("Decide", "compare", "Compare", "compare_arrows"),
    Page("Decide", "papers", "Papers beside ours", "menu_book"),
    Page("Decide", "report", "Report", "description"),
    Page("Ask people", "studies", "Studies", "groups"),
    Page("Ask people", "study_results", "Study results", "insights"),
    Page("Train", "train", "Train and sweep", "tune"),
)
MARKS = ROOT / "app" / "marks"

# A study's link shows the study and nothing else; all other pages are the officers'.
STUDY = "study"


def navigation() -> Any:
    """The page that the address names, with all pages beside it."""
    sections: dict[str, list[Any]] = {}
    for page in PAGES:
        path, icon = f"../pages/{page.name}.py", f":material/{page.icon}:"
        entry = st.Page(path, title=page.title, icon=icon, default=page is PAGES[0])
        sections.setdefault(page.section, []).append(entry)
    return st.navigation(sections, expanded=True)


def alone(script: Callable[[], None] | str, title: str) -> Any:
    """The one page of this session, whatever page the address names: no other is told of."""
    named = re.search(r"/([A-Za-z0-9_-]{1,60})/?$", urlsplit(st.context.url or "").path)
    # The first one, at the root, has a path of its own as well: another than the named one.
    paths = [f"{named[1]}_", named[1]] if named else ["_"]
    pages = [st.Page(script, title=title, url_path=path) for path in paths]
    return st.navigation(pages, position="hidden")


def main() -> None:
    access.hand_down()
    icon = str(MARKS / "icon.svg")
    if STUDY in st.query_params:
        st.set_page_config(page_title="Study", page_icon=icon, layout="centered")
        alone("../pages/take_part.py", "Study").run()
        return
    st.set_page_config(page_title="Penumbra", page_icon=icon, layout="wide")
    ground = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(str(MARKS / f"wordmark-{ground}.svg"), icon_image=icon, size="large")
    (navigation() if access.allowed() else alone(access.door, "Penumbra")).run()


if __name__ == "__main__":
    main()
