"""Device cost: empty, populated, damaged, unmeasured; the measure, the knob and a link."""

import re

from core.methods import METHODS
from core.storage import cost_file
from tests.checkpoint_folders import write_cost
from tests.pages.conftest import headline, open_page, whole, words

KNOB = "deep_obfuscator.lambda1"


def priced(root, **more):
    """Every run but those of two filters has a cost."""
    for folder in root.glob("synthetic/*-*"):
        method = METHODS.get(folder.name.rsplit("-", 1)[0])
        if method is not None and method.name not in ("blur", "pixelate"):
            release = next((k.grid for k in method.knobs if k.when == "release"), (None,))
            write_cost(folder, release, **more)


def test_empty_says_what_to_do(root):
    app = whole(open_page("device_cost"))
    assert app.title[0].value == "What does protection cost the device?"
    assert "Nothing has been trained yet" in words(app)


def test_no_cost_measured_names_the_command(populated):
    app = whole(open_page("device_cost"))
    assert "No cost was measured yet" in words(app)
    assert "python -m core cost" in words(app)
    assert "was not measured at this setting. At λ₁ = 1" in headline(app)


def test_populated_says_cost_and_privacy(own_findings):
    priced(own_findings)
    app = whole(open_page("device_cost"))
    assert headline(app).startswith(
        "## DeepObfuscator takes 1.2 ms of a processor core and sends 2.0 kB per photograph instead "
        "of 9.0 kB. At λ₁ = 1, λ₂ = "
    )
    assert "tells the gender in" in headline(app)
    assert "Measured on one core of a laptop" in words(app)
    assert any("settings were not measured on a device" in e.label for e in app.expander)


def test_the_knob_and_the_measure(own_findings):
    priced(own_findings)
    app = whole(open_page("device_cost"))
    whole(app.select_slider(key=KNOB).set_value(5.0).run())
    assert "At λ₁ = 5" in headline(app)
    whole(app.selectbox(key="cost").set_value("traffic").run())
    assert "What is sent for each photograph" in words(app)
    assert "traffic" in app.query_params["cost"]


def test_all_costs_and_what_is_missing(own_findings):
    priced(own_findings)
    app = open_page("device_cost")
    app.session_state["costs"] = True
    app.session_state["uncosted"] = True
    whole(app.run())
    assert "Milliseconds" in app.dataframe[0].value
    assert "python -m core cost blur-" in words(app)


def test_a_busy_machine_is_said(own_findings):
    priced(own_findings, share_waited=0.5)
    app = whole(open_page("device_cost"))
    assert "The processor did other work in 50 % of the time" in app.warning[0].value


def test_a_link_with_nonsense_falls_back(own_findings):
    priced(own_findings)
    app = whole(open_page("device_cost", cost="gold", method="nobody"))
    assert "“gold” is not available here; showing “Time”" in words(app)


def test_damaged_costs_are_named(damaged):
    priced(damaged)
    for folder in damaged.glob("synthetic/deep_obfuscator-*"):
        (folder / cost_file.NAME).write_text('{"version": 1')
    app = whole(open_page("device_cost"))
    assert re.search(r"cannot be read \(.*\); measure again", words(app))
    assert "was not measured at this setting" in headline(app)
