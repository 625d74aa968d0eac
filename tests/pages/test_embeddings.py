"""Embeddings: empty, not computed, computed, damaged; colours, people, selections."""

import json
import shutil

import numpy as np
import pytest

from core import explain, jobs
from core.data.order import canonical_order
from core.errors import PenumbraError
from core.storage import explanations, run_folder
from tests.pages.conftest import headline, open_page, whole, words
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=96, images=4, size=32)
ORDER = canonical_order(FACES, FACES.indices("test"))
POSITIONS = np.arange(0, len(ORDER), 2)
SHOWN = "deep_obfuscator.lambda1"


def kept(purity, positions=POSITIONS):
    """Maps of made-up places, and facts with this purity everywhere."""
    places = np.random.default_rng(len(positions)).integers(0, 65_536, (len(positions), 2))
    row = {"silhouette": 0.3, "purity": purity, "low": purity - 0.05, "high": purity + 0.05}
    apart = {"identity": row | {"chance": 0.02}, "Male": row | {"chance": 0.5}}
    apart |= {"Smiling": row | {"chance": 0.5}}
    facts = {"apart": apart, "photographs": len(positions), "people": 24, "seed": 0, "numbers": 128}
    arrays = dict.fromkeys(("tsne", "umap", "pca"), places.astype(np.uint16))
    return arrays | {"positions": positions.astype(np.int32)}, facts | {
        "axes": 50,
        "variance": [0.4, 0.2],
    }


def compute(root, purity=None, **more):
    """Maps for every setting of a populated folder."""
    for folder in run_folder.all_folders(root):
        value = purity or (0.9 if folder.name.startswith("original") else 0.75)
        for at in explain.release_values(folder):
            explanations.save(explanations.place(folder, "embedding", at), *kept(value, **more))


@pytest.fixture
def computed(own_findings, monkeypatch):
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    compute(own_findings)
    return own_findings


def select(app, positions):
    """As a lasso does."""
    app.session_state["map_selection"] = {"data": "synthetic", "positions": positions}
    return whole(app.run())


def test_empty_says_what_to_do(root):
    app = whole(open_page("embeddings"))
    assert app.title[0].value == "Does protection mix people up?"
    assert "Nothing has been trained yet" in words(app)


def test_without_maps_a_job_can_be_started_and_is_waited_for(own_findings, monkeypatch):
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    started = []
    monkeypatch.setattr(jobs, "start", lambda runs, **options: started.append(runs))
    app = whole(open_page("embeddings"))
    assert "have not been computed" in words(app)
    assert "python -m core explain deep_obfuscator-" in words(app)
    button = next(b for b in app.button if b.label == "Compute them")
    whole(button.click().run())
    run = started[0][0]
    assert (run.method, run.knobs["lambda1"]) == ("deep_obfuscator", 1.0)
    waiting = {"run_ids": [run.id], "state": "running"}
    monkeypatch.setattr(jobs, "list_jobs", lambda: [waiting])
    app = whole(open_page("embeddings"))
    assert "They are being computed" in words(app)
    compute(own_findings)
    whole(next(b for b in app.button if b.label == "Look again").click().run())
    assert "Partly: at" in headline(app)


def test_the_verdict_compares_with_before(computed):
    app = whole(open_page("embeddings"))
    said = headline(app)
    assert (
        "Partly: at λ₁ = 1, λ₂ = 1 the most similar release of another person agrees on “Gender”"
        in said
    )
    assert "in 75 % of cases (70–80; chance 50 %, unprotected 90 %)" in said
    assert "Before protection**: Unprotected features" in words(app)
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert "at λ₁ = 5" in headline(app)


def test_the_unprotected_reference_stands_alone(computed):
    app = whole(open_page("embeddings", method="original"))
    assert headline(app).startswith("## With Unprotected features the most similar")
    assert "Before protection" not in words(app)


def test_without_a_reference_the_weakest_value_is_before(computed):
    for folder in computed.glob("synthetic/original-*"):
        shutil.rmtree(folder)
    app = whole(open_page("embeddings"))
    assert "Before protection**: DeepObfuscator, λ₁ = 0, λ₂ = 1" in words(app)


def test_colours_maps_and_people_stand_in_the_address(computed):
    app = whole(open_page("embeddings"))
    whole(app.selectbox(key="colour").set_value("identity").run())
    assert "shows the same person" in headline(app)
    assert len(app.multiselect(key="people").value) == 7
    chosen = app.multiselect(key="people").options[:1]
    whole(app.multiselect(key="people").set_value([chosen[0].split()[1]]).run())
    whole(app.segmented_control(key="map").set_value("pca").run())
    assert app.query_params["colour"] == "identity"
    assert app.query_params["map"] == "pca"
    assert app.query_params["people"] == chosen[0].split()[1]


def test_bad_addresses_fall_back_with_a_note(computed):
    app = whole(open_page("embeddings", colour="<b>", map="3d", people="x,y"))
    assert "is not available here" in words(app)
    assert app.selectbox(key="colour").value == "Male"


def test_a_lasso_shows_faces_with_words(computed):
    app = select(whole(open_page("embeddings")), POSITIONS[:3].tolist())
    men = FACES.attributes[ORDER[POSITIONS], 0].astype(bool)
    said = words(app)
    assert "3 photographs of" in said
    assert f"men: {men[:3].mean():.0%} inside".replace("%", " %") in said
    labels = [c.value for c in app.main.caption if c.value.startswith("Person ")]
    assert len(labels) == 3
    whole(next(b for b in app.button if b.label == "Clear").click().run())
    assert "Draw around points" in words(app)


def test_many_faces_come_in_portions(computed):
    app = select(whole(open_page("embeddings")), POSITIONS.tolist())
    assert len([c for c in app.main.caption if c.value.startswith("Person ")]) == 24
    whole(app.selectbox(key="map_shown").set_value(25).run())
    assert len([c for c in app.main.caption if c.value.startswith("Person ")]) == 24


def test_selected_people_can_be_coloured_and_people_in_colour_shown(computed):
    app = select(whole(open_page("embeddings", colour="identity")), POSITIONS[:1].tolist())
    person = str(FACES.identities[ORDER[POSITIONS[0]]])
    whole(next(b for b in app.button if b.label == "Colour these people").click().run())
    assert app.multiselect(key="people").value == [person]
    whole(next(b for b in app.button if b.label == "Clear").click().run())
    whole(next(b for b in app.button if b.label == "Show the people in colour").click().run())
    labels = [c.value for c in app.main.caption if c.value.startswith("Person ")]
    assert set(labels) == {f"Person {person}"}


def test_a_selection_of_another_data_set_does_not_count(computed):
    app = whole(open_page("embeddings"))
    app.session_state["map_selection"] = {"data": "celeba", "positions": [0, 2]}
    whole(app.run())
    assert "Draw around points" in words(app)


def test_numbers_are_folded(computed):
    app = open_page("embeddings")
    app.session_state["map_numbers"] = True
    whole(app.run())
    assert app.dataframe[0].value["Grouped by"].tolist() == ["Person", "Gender", "Smile"]


def test_damaged_maps_are_named(computed, monkeypatch):
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)
    for path in computed.glob("synthetic/deep_obfuscator-*/explain/embedding/arrays.npz"):
        path.write_bytes(path.read_bytes()[:60])
    app = whole(open_page("embeddings"))
    assert "The maps of this setting are damaged" in words(app)
    assert "delete this folder and run python -m core explain" in words(app)


def test_a_missing_map_of_before_leaves_the_other(computed):
    for path in computed.glob("synthetic/original-*/explain"):
        shutil.rmtree(path)
    app = whole(open_page("embeddings"))
    assert headline(app).startswith("## At λ₁ = 1")
    assert "The map before protection is missing" in words(app)


def test_photographs_that_are_gone_leave_the_verdict(computed, monkeypatch):
    def gone(*arguments, **options):
        raise PenumbraError("the folder is gone")

    monkeypatch.setattr("core.data.load", gone)
    app = whole(open_page("embeddings"))
    assert "Partly: at λ₁ = 1" in headline(app)
    assert "The maps cannot be drawn: the folder is gone" in words(app)


def test_maps_of_other_photographs_are_not_coloured(own_findings, monkeypatch):
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    compute(own_findings, 0.7, positions=np.arange(500, 530))
    assert "holds other photographs now" in words(whole(open_page("embeddings")))


def test_damaged_runs_leave_the_rest(damaged):
    app = whole(open_page("embeddings"))
    assert "have not been computed" in words(app)
    assert any("damaged" in box.label for box in app.expander)


def test_an_attribute_that_the_data_set_does_not_have_is_named(own_findings, monkeypatch):
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    for folder in run_folder.all_folders(own_findings):
        for at in explain.release_values(folder):
            arrays, facts = kept(0.7)
            facts["apart"]["Goatee"] = facts["apart"]["Male"]
            explanations.save(explanations.place(folder, "embedding", at), arrays, facts)
    app = whole(open_page("embeddings", colour="Goatee"))
    assert "agrees on “Goatee”" in headline(app)
    assert "has no attribute 'Goatee'" in words(app)


def test_two_attributes_colour_the_points_at_once(computed):
    app = whole(open_page("embeddings"))
    assert app.selectbox(key="colour_too").value == "alone"
    whole(app.selectbox(key="colour_too").set_value("Smiling").run())
    assert app.query_params["colour_too"] == "Smiling"
    names = {t["name"] for t in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]}
    assert names == {
        f"{who}, {what}"
        for who in ("Men", "Women")
        for what in ("smiling faces", "faces that do not smile")
    }
    app = select(app, POSITIONS[:3].tolist())
    assert words(app).count("on the whole map") == 2
    whole(app.selectbox(key="colour").set_value("identity").run())
    assert "colour_too" not in [box.key for box in app.selectbox]
