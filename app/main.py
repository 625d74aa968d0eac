"""Penumbra: import path, page list, theme. Start with `streamlit run app/main.py`."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
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

from app import access, site_settings  # noqa: E402

PAGES = {
    "Explore": [
        st.Page(
            "../pages/trade_off.py", title="Trade-off", icon=":material/balance:", default=True
        ),
        st.Page("../pages/reconstructions.py", title="Reconstructions", icon=":material/face:"),
        st.Page("../pages/attention.py", title="Attention", icon=":material/visibility:"),
        st.Page("../pages/embeddings.py", title="Embeddings", icon=":material/scatter_plot:"),
        st.Page("../pages/leaks.py", title="What else leaks", icon=":material/leak_add:"),
        st.Page("../pages/noise.py", title="Noise", icon=":material/grain:"),
        st.Page("../pages/device_cost.py", title="Device cost", icon=":material/memory:"),
    ],
    "Decide": [
        st.Page("../pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("../pages/papers.py", title="Papers beside ours", icon=":material/menu_book:"),
        st.Page("../pages/report.py", title="Report", icon=":material/description:"),
    ],
    "Ask people": [
        st.Page("../pages/studies.py", title="Studies", icon=":material/groups:"),
        st.Page("../pages/study_results.py", title="Study results", icon=":material/insights:"),
    ],
    "Train": [
        st.Page("../pages/train.py", title="Train and sweep", icon=":material/tune:"),
    ],
}
MARKS = ROOT / "app" / "marks"

# A study's link shows the study and nothing else; all other pages are the officers'.
STUDY = "study"

site_settings.hand_down()
icon = str(MARKS / "icon.svg")


def alone(script: Callable[[], None] | str, title: str) -> Any:
    """The one page of this session, whatever page the address names: none is said to be missing,
    and no other is told of."""
    named = re.search(r"/([A-Za-z0-9_-]{1,60})/?$", urlsplit(st.context.url or "").path)
    # The first one, at the root, has a path of its own as well: another than the named one.
    paths = [f"{named[1]}_", named[1]] if named else ["_"]
    pages = [st.Page(script, title=title, url_path=path) for path in paths]
    return st.navigation(pages, position="hidden")


if STUDY in st.query_params:
    st.set_page_config(page_title="Study", page_icon=icon, layout="centered")
    alone("../pages/take_part.py", "Study").run()
else:
    st.set_page_config(page_title="Penumbra", page_icon=icon, layout="wide")
    ground = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(str(MARKS / f"wordmark-{ground}.svg"), icon_image=icon, size="large")
    everything = access.allowed()
    (st.navigation(PAGES, expanded=True) if everything else alone(access.door, "Penumbra")).run()
