"""Attention: empty, not computed, populated, without a map, damaged, bad links."""

import pytest

from core.storage import explanations, run_folder
from tests.attention_folders import facts, write_attention
from tests.pages.conftest import headline, open_page, whole, words

KNOB = "deep_obfuscator.lambda1"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)


def test_empty_says_what_to_do(root):
    app = whole(open_page("attention"))
    assert app.title[0].value == "Where does the attacker look?"
    assert "Nothing has been trained yet" in words(app)


def test_maps_that_were_not_computed_are_offered(populated, monkeypatch):
    app = whole(open_page("attention"))
    assert "have not been computed" in words(app)
    assert "--only attention" in words(app)
    started = []
    monkeypatch.setattr("core.jobs.start", lambda runs, **options: started.append((runs, options)))
    (button,) = [button for button in app.button if button.label == "Compute them"]
    whole(button.click().run())
    ((runs, options),) = started
    assert [run.method for run in runs] == ["deep_obfuscator"]
    assert options == {"evaluate": False, "explain": ["attention"]}  # nobody is attacked again


def test_populated_says_where_and_shows_the_face_five_ways(own_findings):
    write_attention(own_findings)
    app = whole(open_page("attention"))
    said = headline(app)
    assert "At λ₁ = 1" in said
    assert "the attacker looks where one looks at λ₁ = 0, and" in said  # made up: the same maps
    assert "tells the gender in 72 % of cases (70–74; chance 50 %)" in said
    seen = words(app)
    for name in (
        "Photograph",
        "On the photograph",
        "Through the release",
        "On the redrawing",
        "Difference",
        "Women",
        "Men",
    ):
        assert f"**{name}**" in seen
    assert "100 % of attention falls on the same places as at λ₁ = 0 (mean over 8 faces)" in seen
    assert "80 % is what two readers of the same photographs agree on" in seen
    assert "mostly at the lower third of the picture (70 %); on the photographs" in seen
    assert "The strongest of all attackers is right in" in seen
    assert "reads “a man”: wrong" in seen  # face 1 is a woman


def test_the_service_another_face_and_another_setting(own_findings):
    write_attention(own_findings)
    app = whole(open_page("attention"))
    whole(app.button_group(key="who").set_value("service").run())
    assert "the service looks" in headline(app)
    assert "whether a person smiles in 87 %" in headline(app)
    assert "was not told to hide" not in words(app)
    whole(app.select_slider(key=KNOB).set_value(5.0).run())
    assert "At λ₁ = 5" in headline(app)
    whole(app.selectbox(key="face").set_value(2).run())
    assert "smiles" in words(app)
    assert app.query_params["face"] in ("2", ["2"])
    assert app.query_params["who"] in ("service", ["service"])


def test_the_face_comes_along_from_the_reconstructions(own_findings):
    write_attention(own_findings)
    app = whole(open_page("reconstructions"))
    whole(app.selectbox(key="face").set_value(3).run())
    whole(app.switch_page("../pages/attention.py").run())
    assert app.selectbox(key="face").value == 3


def test_the_weakest_setting_is_compared_with_none(own_findings):
    write_attention(own_findings)
    app = whole(open_page("attention", **{KNOB: "0"}))
    said = headline(app)
    assert "the attacker looks mostly at the lower third of the picture, and tells" in said


def test_a_link_that_asks_for_what_is_not_there(own_findings):
    write_attention(own_findings)
    app = whole(open_page("attention", face="99", who="nobody"))
    assert "“99” is not available here" in words(app)
    assert "“nobody” is not available here" in words(app)


def test_a_release_without_places_shows_no_map(own_findings):
    write_attention(own_findings, attacker=facts("Male", cells=False), service={})
    app = whole(open_page("attention"))
    assert "nothing says from where" in headline(app)
    seen = words(app)
    assert "There is no map through the release: there is no map of places" in seen
    headings = [text.value for text in app.main.markdown]
    assert "**Through the release**" not in headings
    assert "**On the photograph**" in headings


def test_an_attacker_who_guesses_looks_nowhere(own_findings):
    write_attention(own_findings, attacker=facts("Male", low=0.48))
    said = headline(whole(open_page("attention")))
    assert "cannot tell the gender (50 %; 48–52; chance 50 %): where it looks means nothing" in said


def test_damaged_maps_are_named(own_findings):
    write_attention(own_findings)
    for folder in run_folder.all_folders(own_findings):
        place = explanations.place(folder, "attention") / "arrays.npz"
        if place.is_file():
            place.write_bytes(place.read_bytes()[:90])
    app = whole(open_page("attention"))
    assert "The maps of this setting are damaged" in words(app)
    assert "delete this folder and run python -m core explain" in words(app)


def test_the_numbers_of_all_settings(own_findings):
    write_attention(own_findings)
    app = whole(open_page("attention"))
    app.session_state["attention_numbers"] = True
    whole(app.run())
    (table,) = [frame.value for frame in app.dataframe if "reads" in frame.value]
    assert set(table["who"]) == {"attacker", "service"}
    assert set(table["overlap with the photographs"]) == {0.6}
