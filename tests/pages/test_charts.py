"""Charts are built without Plotly's checks, which take long; here it looks at all of them."""

import json

import plotly.graph_objects as go
import pytest

from tests.pages.conftest import open_page, whole
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=96, images=4, size=32)
FOLDED = (
    "protocols",
    "ranks",
    "noise_trade_off",
    "along_figure",
    "rank_figure",
)  # parts with charts of their own
PAGES = ("trade_off", "leaks", "noise", "device_cost", "compare", "papers")


@pytest.mark.parametrize("name", PAGES)
def test_plotly_accepts_every_chart_of_a_page(populated, monkeypatch, name):
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    app = open_page(name)
    for key in FOLDED:
        app.session_state[key] = True
    charts = whole(app.run()).get("plotly_chart")
    assert charts or name == "device_cost"  # no cost was made up
    for chart in charts:
        go.Figure(json.loads(chart.proto.spec))  # it raises on a bad property
