"""The home page: empty, populated, damaged; knob, links, limits."""

import json
import shutil

import pytest

from app.page import wording
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from tests.checkpoint_folders import finding, settings, write_attack, write_run
from tests.pages.conftest import headline, open_page, whole, words

QUESTION = "How much protection can this service afford?"


def verdict(app):
    return headline(app)


def test_empty_says_what_to_do(root):
    app = whole(open_page())
    assert app.title[0].value == QUESTION
    assert "Nothing has been trained yet" in words(app)
    whole(app.button[0].click().run())
    assert app.title[0].value == "How well would a new setting protect?"
    shutil.rmtree(root)
    assert "Nothing has been trained yet" in words(whole(open_page()))


def test_a_training_under_way_is_no_result(root):
    write_run(root, checked(Run("deep_obfuscator", "synthetic")), 0.5, finished=False)
    assert "1 training not finished yet" in words(whole(open_page()))


def test_the_verdict_follows_the_knob(populated):
    app = whole(open_page())
    assert verdict(app) == (
        "## At λ₁ = 1, λ₂ = 1 the strongest attacker tells the gender in 82 % of cases (80–84; "
        "chance 50 %, unprotected 97 %); smile detection loses 0.9 points."
    )
    slider = app.select_slider(key="deep_obfuscator.lambda1")
    assert list(slider.options) == ["0", "1", "5"]
    whole(slider.set_value(5.0).run())
    assert verdict(app).startswith(
        "## At λ₁ = 5, λ₂ = 1 the strongest attacker tells the gender in 69 %"
    )


def test_release_time_knobs_snap_to_measured_values(populated):
    app = whole(open_page(method="image_noise"))
    knob = METHODS["image_noise"].knobs[0]
    assert [float(v) for v in app.select_slider(key="image_noise.sigma").options] == list(knob.grid)
    assert f"At σ = {knob.default:g}" in verdict(app)


def test_repeated_releases_stand_under_the_verdict_of_a_noise(own_findings):
    default = METHODS["image_noise"].knobs[0].default
    ends = {"release_value": default, "low": 0.95, "high": 0.99}
    row = finding("attribute:Male", "private", "averaging", "balanced_accuracy", 0.97, **ends)
    for folder in own_findings.glob("*/image_noise-*"):
        write_attack(folder, "averaging", [row], default)
    app = whole(open_page(method="image_noise"))
    assert "averages it away" in words(app)
    whole(app.selectbox(key="method").set_value("blur").run())
    assert "releases of one photograph" not in words(app)


def test_every_method_can_be_looked_at(own_findings):
    for name, method in METHODS.items():
        if not method.baseline and name != "deep_obfuscator":  # those are there
            released = next((k.grid for k in method.knobs if k.when == "release"), (None,))
            for value in released:
                write_run(own_findings, checked(Run(name, "synthetic")), 0.5, value)
    app = whole(open_page())
    for name in METHODS:
        whole(app.selectbox(key="method").set_value(name).run())
        assert "tells the gender" in verdict(app)


def test_other_targets(populated):
    app = whole(open_page(private="identity"))
    assert "names the right person" in verdict(app)
    whole(app.selectbox(key="private").set_value("image").run())
    assert "redraws" in verdict(app)


def test_paper_protocol(populated):
    app = whole(open_page(protocol="paper"))
    assert "the attacker the method trained against" in verdict(app)
    assert app.selectbox(key="method").options == ["DeepObfuscator"]


def test_goal_seek_finds_the_settings_that_keep_the_limits_and_goes_there(populated):
    app = whole(open_page(attack_limit="75"))
    assert "This setting is outside your limits: the attack may reach 8" in words(app)
    kept = next(button for button in app.button if button.label.startswith("Go to"))
    whole(kept.click().run())
    assert "This setting keeps your limits." in words(app)
    assert (
        kept.label.removeprefix("Go to ").partition(",")[0]
        == METHODS[app.selectbox(key="method").value].title
    )


def test_confidence_asks_more_than_what_was_measured(populated):
    app = whole(open_page(attack_limit="82.5"))
    assert "outside your limits" in words(app)
    whole(app.toggle(key="confident").set_value(False).run())
    assert "This setting keeps your limits." in words(app)


def test_where_no_setting_keeps_the_limits_the_nearest_is_named_with_what_it_violates(populated):
    app = whole(open_page(attack_limit="1", cost_limit="0"))
    assert "No trained setting keeps your limits, with 95 % confidence. The nearest is" in words(
        app
    )
    assert "where you allow 1.0 %" in words(app)


def test_several_attributes_and_the_one_that_leaks_most(populated):
    app = whole(open_page(private="several"))
    assert app.multiselect(key="private_set").value == ["Male"]
    names = app.multiselect(key="private_set").options
    assert "Smile" not in names  # the task itself is not asked for
    whole(app.multiselect(key="private_set").set_value(["Male", "Young"]).run())
    assert ", the most exposed of 2 attributes, in" in verdict(app)


def test_a_weaker_attacker_and_another_measure_of_the_service_are_named(populated):
    app = whole(open_page())
    assert app.selectbox(key="attacker").value == "worst_case"
    other = next(
        name
        for name in ("mlp", "logistic")
        if wording.capital(wording.attacker(name)) in app.selectbox(key="attacker").options
    )
    whole(app.selectbox(key="attacker").set_value(other).run())
    assert f"one attacker ({wording.attacker(other)}) tells the gender" in verdict(app)
    whole(app.selectbox(key="attacker").set_value("worst_case").run())
    whole(app.selectbox(key="by").set_value("auc").run())
    assert "smile detection loses 0.009 of area under the ROC curve" in verdict(app)


def test_a_link_to_what_is_not_there_falls_back_with_notes(populated):
    keys = ("data", "task", "private", "protocol", "method", "deep_obfuscator.lambda1")
    app = whole(open_page(**dict.fromkeys(keys, "<b>nowhere</b>")))
    notes = [note.value for note in app.info if "“<b>nowhere</b>” is not available" in note.value]
    assert len(notes) == len(keys)
    assert "tells the gender" in verdict(app)


@pytest.mark.parametrize(("attack", "cost"), [("nan", "1e999"), ("-4", "x")])
def test_a_link_with_absurd_limits_is_harmless(populated, attack, cost):
    app = whole(open_page(attack_limit=attack, cost_limit=cost))
    assert "tells the gender" in verdict(app)
    assert len([note for note in app.info if "showing no limit" in note.value]) == 2


def test_attack_too_weak(root):
    write_run(root, checked(Run("deep_obfuscator", "synthetic")), 0.5, conclusive=False)
    assert "Attack too weak to conclude" in verdict(whole(open_page()))


def test_damaged_and_strange_folders_are_named_and_the_rest_is_shown(damaged):
    for name in ("synthetic/.hidden", "synthetic/deep_obfuscator-zzzzzzzzzz", "<script>"):
        (damaged / name).mkdir()
    (damaged / "file").write_text("x")
    app = whole(open_page())
    assert "the strongest attacker tells" in verdict(app)
    assert any("4 folders are damaged" in expander.label for expander in app.expander)
    assert "deep_obfuscator-0123456789" in words(app)


def test_everything_damaged(damaged):
    for folder in damaged.glob("synthetic/*"):
        (folder / "run.json").write_text("{")
    app = whole(open_page())
    assert "Nothing has been trained yet" in words(app)
    assert app.expander


def test_numbers_of_every_attacker(populated):
    app = whole(open_page())
    assert not app.dataframe  # what is folded is not computed
    assert "the paper says" not in words(app)
    for folded in ("numbers", "settings", "protocols"):
        app.session_state[folded] = True
    whole(app.run())
    table = app.dataframe[0].value
    assert {"strongest attacker", "straight-line classifier"} <= set(table["Attacker"])
    assert len(app.dataframe[1].value) == settings()
    assert "Asked as the paper asks" in words(app)


def test_the_paper_s_numbers_stand_beside_ours(populated):
    app = open_page()
    app.session_state["published"] = True
    whole(app.run())
    assert "the paper says that its own attacker tells the gender in 58.85 % of cases" in words(app)
    assert "our own copy of that attacker reaches" in words(app)
    hidden, service = (app.dataframe[number].value for number in (0, 1))
    assert {"58.85 %", "97.36 %", "90.15 %"} <= set(hidden["The paper"])
    assert "91.53 %" in set(service["The paper"])
    whole(app.selectbox(key="method").set_value("blur").run())
    assert (
        f"None of the papers whose numbers are kept here reports any on “{METHODS['blur'].title}”."
        in words(app)
    )
    assert not app.dataframe


def test_any_measure_is_drawn_along_what_was_varied_for_several_attributes(populated):
    app = open_page()
    app.session_state["along_figure"] = True
    whole(app.run())
    assert app.selectbox(key="deep_obfuscator.figure_along").options == ["λ₁", "λ₂", "Method"]
    of = app.multiselect(key="balanced_accuracy.figure_of")
    assert of.value == ["attribute:Smiling", "attribute:Male"]
    before = app.get("plotly_chart")[-1].proto.spec
    whole(app.multiselect(key="balanced_accuracy.figure_of").select("attribute:Young").run())
    assert len(json.loads(app.get("plotly_chart")[-1].proto.spec)["data"]) == 3
    whole(app.selectbox(key="figure_measure").set_value("ms_ssim").run())
    assert app.multiselect(key="ms_ssim.figure_of").value == ["image"]
    assert app.get("plotly_chart")[-1].proto.spec != before
    assert "MS-SSIM: 1 is the same picture" in words(app)
