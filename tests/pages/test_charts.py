"""Charts are built without Plotly's checks, which take long; here it looks at all of them."""

import json

import plotly.graph_objects as go
import pytest

from tests.pages.conftest import open_page, whole

FOLDED = (
    "protocols",
    "ranks",
    "noise_trade_off",
    "leak_groups_open",
)  # parts with charts of their own


@pytest.mark.parametrize(
    "name", ["trade_off", "leaks", "noise", "device_cost", "compare", "papers"]
)
def test_plotly_accepts_every_chart_of_a_page(populated, name):
    app = open_page(name)
    for key in FOLDED:
        app.session_state[key] = True
    charts = whole(app.run()).get("plotly_chart")
    assert charts or name == "device_cost"  # no cost was made up
    for chart in charts:
        go.Figure(json.loads(chart.proto.spec))  # it raises on a bad property
