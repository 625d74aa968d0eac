"""Components of Streamlit's second kind: no frame, no build, nothing fetched. What each is made of lies
in files beside each other, as `<name>.html`, `<name>.css` and `<name>.js`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

PARTS = Path(__file__).parent / "parts"


@st.cache_resource
def component(name: str, parts: Path = PARTS, scripts: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The component of this name, registered once per process; `scripts`: the files that make up its
    one module, where it is not `<name>.js` alone."""
    html, css = ((parts / f"{name}.{kind}").read_text() for kind in ("html", "css"))
    js = "\n".join((parts / script).read_text() for script in scripts or (f"{name}.js",))
    return st.components.v2.component(f"penumbra_{name}", html=html, css=css, js=js)
