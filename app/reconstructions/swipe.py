"""Two pictures of one face on top of each other, with a handle between them.

A component of Streamlit's second kind: no frame, no build, nothing fetched. The handle is the
browser's own range input, so that it works with mouse, finger and keyboard and is read aloud.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

WIDTH = 300  # pixels
MARKUP = """
<figure>
  <div class="stage">
    <img class="below" alt="" draggable="false"><img class="above" alt="" draggable="false">
    <span class="line" aria-hidden="true"><span class="knob"></span></span>
    <input type="range" aria-label="share of the original" min="0" max="100" step="1" value="50">
  </div>
  <figcaption><span>original</span><span>recovered</span></figcaption>
</figure>
"""
STYLE = """
figure { margin: 0; max-width: var(--width); font: inherit; }
.stage { position: relative; aspect-ratio: var(--ratio); overflow: hidden; touch-action: pan-y;
  border-radius: var(--st-base-radius, 6px); background: var(--st-secondary-background-color); }
img { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; }
.above { clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.line { position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px rgba(0, 0, 0, 0.55); pointer-events: none; }
.knob { position: absolute; top: 50%; left: 50%; width: 28px; height: 28px; margin: -14px;
  border-radius: 50%; background: #fff; box-shadow: 0 0 0 1px rgba(0, 0, 0, 0.55); }
.knob::after { content: "\\2194"; position: absolute; inset: 0; display: grid; place-items: center;
  color: #1f2430; font-size: 18px; line-height: 1; }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize; touch-action: pan-y; }
.stage:has(input:focus-visible) { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
figcaption { display: flex; justify-content: space-between; padding-top: 0.3rem;
  font-size: 0.875rem; color: var(--st-text-color); opacity: 0.8; }
"""
# The handle stays where the reader put it when other pictures come: nothing jumps.
SCRIPT = """
export default function ({ parentElement, data }) {
  const find = (name) => parentElement.querySelector(name);
  const [figure, stage, handle] = [find("figure"), find(".stage"), find("input")];
  find(".above").src = data.original;
  find(".above").alt = `${data.alt}, original`;
  find(".below").src = data.recovered;
  find(".below").alt = `${data.alt}, recovered`;
  figure.style.setProperty("--width", `${data.width}px`);
  stage.style.setProperty("--ratio", data.ratio);
  handle.setAttribute("aria-label", `${data.alt}: share of the original that is shown`);
  const move = () => {
    stage.style.setProperty("--at", `${handle.value}%`);
    handle.setAttribute("aria-valuetext", `${handle.value} % original`);
  };
  handle.oninput = move;
  move();
}
"""


@st.cache_resource
def _component() -> Callable[..., Any]:
    """Registered once per process."""
    return st.components.v2.component("penumbra_swipe", html=MARKUP, css=STYLE, js=SCRIPT)


def swipe(
    original: np.ndarray, recovered: np.ndarray, alt: str, key: str, width: int = WIDTH
) -> None:
    """Original and recovered uint8 (H, W, 3) of one size, one over the other; `alt` says whose face
    it is. The pictures travel inside the page: they are stored nowhere."""
    _component()(
        key=key, width="stretch",
        data={"original": in_page(original), "recovered": in_page(recovered), "alt": alt,
              "width": width, "ratio": f"{original.shape[1]} / {original.shape[0]}"},
    )  # fmt: skip


def in_page(picture: np.ndarray) -> str:
    """A picture uint8 (H, W, 3) as a PNG in a data URL, every pixel as it is."""
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"
