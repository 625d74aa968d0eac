"""Components of Streamlit's second kind: no frame, no build, nothing fetched. What each is made of lies
in files beside each other, as `<name>.html`, `<name>.css` and `<name>.js`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.page import pictures

PARTS = Path(__file__).parent / "parts"
COMPARED = 300  # pixels of two pictures under a handle
POINTED_AT = 96  # pixels of a face beside the pointer


@st.cache_resource
def component(name: str, parts: Path = PARTS, scripts: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The component of this name, registered once per process; `scripts`: the files that make up its
    one module, where it is not `<name>.js` alone."""
    html, css = ((parts / f"{name}.{kind}").read_text() for kind in ("html", "css"))
    js = "\n".join((parts / script).read_text() for script in scripts or (f"{name}.js",))
    return st.components.v2.component(f"penumbra_{name}", html=html, css=css, js=js)


def swipe(
    original: np.ndarray, recovered: np.ndarray, alt: str, key: str, width: int = COMPARED
) -> None:
    """Original and recovered uint8 (H, W, 3) of one size, one over the other, with a handle between
    them: the browser's own range input, so that it works with mouse, finger and keyboard and is read
    aloud. `alt` says whose face it is. The pictures travel inside the page and are stored nowhere."""
    both = {"original": pictures.data_url(original), "recovered": pictures.data_url(recovered)}
    ratio = f"{original.shape[1]} / {original.shape[0]}"
    more = {"alt": alt, "width": width, "ratio": ratio}
    component("swipe")(key=key, width="stretch", data=both | more)


def thumbnails(
    charts: Sequence[str],
    positions: Sequence[int],
    sheet: str,
    columns: int,
    shape: tuple[int, int],
) -> None:
    """A small face beside the pointer while it is over a point of the charts with these keys; without
    a pointer the same faces are seen by selecting points.

    positions       custom data of the points, in the order of the faces
    sheet, columns  `app.cache.photographs.sprite`
    shape           height and width of a photograph
    """
    size = {"width": POINTED_AT, "height": round(POINTED_AT * shape[0] / shape[1])}
    faces = {"positions": list(positions), "sheet": sheet, "columns": columns}
    component("thumbnails")(
        key="thumbnails", height="content", data={"charts": list(charts)} | faces | size
    )
