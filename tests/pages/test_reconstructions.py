"""Reconstructions: empty, populated, damaged; film strip and order."""

import numpy as np
import pytest

from core.methods import METHODS
from core.run import RECIPE, Run
from core.run_validation import checked
from tests.checkpoint_folders import PICTURES, damage, finding, redrawn, write_attack, write_run
from tests.pages.conftest import headline, open_page, whole, words

SHOWN = "deep_obfuscator.lambda1"


def captions(app):
    return [caption.value for caption in app.main.caption]


def test_empty_says_what_to_do(root):
    app = whole(open_page("reconstructions"))
    assert app.title[0].value == "What would an attacker see?"
    assert "Nothing has been trained yet" in words(app)


def test_populated_shows_pairs_and_a_film_strip(populated):
    app = whole(open_page("reconstructions"))
    assert "redraws the picture with a likeness of 0.70" in headline(app)
    assert sum(text.startswith("**") for text in captions(app)) == PICTURES
    strip = [text for text in captions(app) if "λ₁ = " in text]
    assert [text.split("λ₁ = ")[1][0] for text in strip] == ["0", "1", "5"]
    assert [float(text.split()[-1]) for text in strip] == [0.84, 0.67, 0.46]
    assert [":orange" in text for text in strip] == [False, True, False]


def test_the_knob_changes_words_and_pictures(populated):
    app = whole(open_page("reconstructions"))
    before = captions(app)
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert "At λ₁ = 5" in headline(app)
    assert captions(app) != before


def test_most_recovered_first(populated):
    app = whole(open_page("reconstructions"))
    whole(app.selectbox(key="faces").set_value("most").run())
    pairs = [text for text in captions(app) if text.startswith("**")]
    assert pairs[0].startswith(f"**{PICTURES}**")
    scores = [float(text.rsplit("·", 1)[1]) for text in pairs]
    assert scores == sorted(scores, reverse=True)


def test_the_setting_comes_along_from_the_trade_off(populated):
    app = whole(open_page())
    app.selectbox(key="method").set_value("blur").run()
    strongest = METHODS["blur"].knobs[0].grid[-1]
    app.select_slider(key="blur.radius").set_value(strongest).run()
    whole(app.switch_page("../pages/reconstructions.py").run())
    assert f"At blur = {strongest:g}" in headline(app)


def test_a_method_that_releases_no_picture_keeps_its_place(populated):
    app = whole(open_page(method="answer_only"))
    whole(app.switch_page("../pages/reconstructions.py").run())
    assert "No attacker has redrawn pictures" in words(app)
    whole(app.switch_page("../pages/trade_off.py").run())
    assert app.selectbox(key="method").value == "answer_only"


def test_damaged_pictures_are_named(own_findings):
    broken = damage(own_findings)["arrays"]
    app = whole(open_page("reconstructions"))
    seen = ""
    for lambda1 in (0.0, 1.0, 5.0):
        for lambda2 in (0.0, 1.0):
            for key, value in ((SHOWN, lambda1), ("deep_obfuscator.lambda2", lambda2)):
                sliders = [s for s in app.select_slider if s.key == key]
                if sliders and str(int(value)) in list(sliders[0].options):
                    whole(sliders[0].set_value(value).run())
            seen += words(app)
    assert "cannot be shown" in seen
    assert "Left out at" in seen
    assert "evaluate the run again" in seen
    assert broken.exists()


@pytest.fixture
def contested(root):
    """One setting whose picture three attackers redrew, another that only the first one did."""
    for lambda1 in (1.0, 5.0):
        knobs = {"lambda1": lambda1, "lambda2": 1.0}
        folder = write_run(root, checked(Run("deep_obfuscator", "synthetic", knobs=knobs)), 0.5)
        if lambda1 == 1.0:
            for name, strength in (("resrec", 0.1), ("inversion", 0.7)):
                likeness = 0.93 - 0.6 * strength
                row = finding("image", "private", name, "ms_ssim", likeness)
                write_attack(folder, name, [row], arrays=redrawn(strength))
            best = finding("image", "private", "worst_case", "ms_ssim", 0.87)
            chosen = {"targets": np.array(["image"]), "chosen": np.array(["resrec"])}
            write_attack(folder, "worst_case", [best], arrays=chosen)
    return root


def first_likeness(app):
    return float(next(t for t in captions(app) if t.startswith("**1**")).rsplit("·", 1)[1])


def test_one_attacker_leaves_nothing_to_pick(populated):
    app = whole(open_page("reconstructions"))
    assert "redrawer" not in [box.key for box in app.selectbox]
    assert any("a picture redrawer (mirrored decoder), trained" in text for text in captions(app))


def test_the_strongest_is_shown_first_and_another_one_can_be_picked(contested):
    app = whole(open_page("reconstructions"))
    picker = app.selectbox(key="redrawer")
    assert picker.options == [
        "Strongest attacker",
        "Picture redrawer (mirrored decoder)",
        "Picture redrawer (residual network)",
        "Picture searcher (inversion of the known network)",
    ]
    said = next(text for text in captions(app) if text.startswith("Left the original"))
    assert "residual network), the strongest of those tried, trained afterwards" in said
    assert first_likeness(app) == pytest.approx(0.84)
    whole(app.selectbox(key="redrawer").set_value("inversion").run())
    assert first_likeness(app) == pytest.approx(0.48)
    said = next(text for text in captions(app) if text.startswith("Left the original"))
    assert "who knows the network on the device" in said
    assert "the strongest of those" not in said
    assert "The figures above are the strongest attacker's." in said


def test_a_setting_that_the_picked_attacker_left_out_says_so(contested):
    app = whole(open_page("reconstructions", redrawer="resrec"))
    assert first_likeness(app) == pytest.approx(0.84)
    assert any("Left out at λ₁ = 5" in text for text in captions(app))
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert "cannot be shown" in words(app)
    whole(app.selectbox(key="redrawer").set_value("strongest").run())
    assert "cannot be shown" not in words(app)
    assert any("mirrored decoder" in text for text in captions(app))


def test_an_attacker_with_a_second_data_set_can_be_picked_and_changes_no_figure(
    contested, monkeypatch
):
    monkeypatch.setattr(
        "app.cache.loaders.FRESH", 0.0
    )  # what is written here is to be seen at once
    before = headline(whole(open_page("reconstructions")))
    for folder in contested.glob("synthetic/deep_obfuscator-*"):
        for name in ("resrec+celeba_64", "../resrec+x", "resrec+<b>", "+"):
            row = finding("image", "private", name, "ms_ssim", 0.99)
            place = name if name == "resrec+celeba_64" else "odd"
            write_attack(folder, place, [row], arrays=redrawn(0.05))
    app = whole(open_page("reconstructions"))
    assert headline(app) == before
    picker = app.selectbox(key="redrawer")
    assert picker.options[1:] == [
        "Picture redrawer (mirrored decoder)",
        "Picture redrawer (residual network)",
        "Picture searcher (inversion of the known network)",
        "Picture redrawer (residual network), with “celeba_64” as well",
    ]
    whole(picker.set_value("resrec+celeba_64").run())
    assert first_likeness(app) == pytest.approx(0.87)
    said = next(text for text in captions(app) if text.startswith("Left the original"))
    assert "those of “celeba_64” among them" in said
    assert "the strongest of those" not in said
    linked = whole(open_page("reconstructions", redrawer="resrec+celeba_64"))
    assert linked.selectbox(key="redrawer").value == "resrec+celeba_64"


def test_every_attacker_on_one_face_the_best_first(contested):
    app = whole(open_page("reconstructions", face="2"))
    named = [text for text in captions(app) if "**0." in text or text.startswith("**0")]
    values = [float(text.split("**")[1]) for text in named if text.startswith("**0.")]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)
    assert any("residual network" in text for text in named)
    app.session_state["attackers"] = True
    table = whole(app.run()).dataframe[0].value
    assert list(table["MS-SSIM"]) == sorted(table["MS-SSIM"], reverse=True)
    assert table["Attacker"].tolist()[0] == "Picture redrawer (residual network)"


def test_it_is_said_who_is_protected_most_and_least(populated):
    app = whole(open_page("reconstructions"))
    said = next(text.value for text in app.markdown if "Not everybody" in text.value)
    assert f"of these {PICTURES} faces number {PICTURES} is recovered best" in said
    assert "number 1 least" in said
    assert "recognises" not in said  # not measured here
    app.session_state["extremes"] = True
    app = whole(app.run())
    assert "Least protected: recovered best" in words(app)
    assert "Best protected: recovered least" in words(app)


def test_how_many_are_recognised_is_said_where_it_was_measured(contested):
    run = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1.0, "lambda2": 1.0}))
    folder = contested / "synthetic" / run.id
    row = finding("image", "private", "resrec", "reidentification", 0.31, chance=0.02)
    write_attack(
        folder,
        "resrec",
        [finding("image", "private", "resrec", "ms_ssim", 0.87), row],
        arrays=redrawn(0.1),
    )
    app = whole(open_page("reconstructions"))
    assert (
        "recognises the person in 31 % of all 400 redrawn test faces (29–33), guessing 2 %"
        in words(app)
    )


def test_what_is_seen_in_the_redrawn_faces_is_said_where_it_was_measured(contested):
    run = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1.0, "lambda2": 1.0}))
    row = finding("attribute:Male", "private", "redrawn", "balanced_accuracy", 0.71)
    write_attack(contested / "synthetic" / run.id, "redrawn", [row])
    app = whole(open_page("reconstructions"))
    said = next(text for text in captions(app) if "ordinary photographs" in text)
    assert "tells the gender in 71 % of cases (69–73), guessing 50 %." in said
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert not any("ordinary photographs" in text for text in captions(app))


def test_a_face_in_words(populated):
    app = whole(open_page("reconstructions", face="3"))
    assert "**Of face 3 the attacker recovers " in words(app)
    assert "likeness in structure (MS-SSIM): 0." in words(app)


def test_an_attacker_on_attributes_who_was_picked_elsewhere_hides_no_pictures(populated):
    app = whole(open_page("reconstructions", attacker="mlp"))
    assert "an attacker redraws the picture" in headline(app)


def test_a_link_opens_the_faces_and_the_face_that_it_names(populated):
    app = whole(open_page("reconstructions", faces="least", face="3"))
    assert app.selectbox(key="faces").value == "least"
    assert app.selectbox(key="face").value == 3


@pytest.fixture
def along(root):
    """Settings whose own decoder was scored: with its pictures, and before these were kept."""
    for lambda1, arrays in ((1.0, redrawn(0.9)), (5.0, None)):
        knobs = {"lambda1": lambda1, "lambda2": 1.0}
        folder = write_run(root, checked(Run("deep_obfuscator", "synthetic", knobs=knobs)), 0.5)
        row = finding("image", "private", OWN, "ms_ssim", 0.41, protocol="paper", chance=None)
        write_attack(folder, OWN, [row], arrays=arrays, protocol="paper")
    return root


OWN = "training_reconstructor"


def test_the_training_s_own_decoder_stands_beside_the_fresh_one(along):
    app = whole(open_page("reconstructions"))
    assert "As the paper showed it (Figures 2 and 4)" in [s.value for s in app.subheader]
    said = next(m.value for m in app.markdown if m.value.startswith("Left the original; in the"))
    assert "the method's own redrawer, trained along with the method: a likeness of 0.41" in said
    assert "trained afterwards, a picture redrawer (mirrored decoder): 0.63" in said
    assert sum(text.startswith("original · 0.") for text in captions(app)) == 6
    assert "likeness of 0.63" in headline(app)  # it decides nothing
    assert not any("Left out" in text for text in captions(app))


def test_the_training_s_own_decoder_can_be_looked_at_alone(along):
    app = whole(open_page("reconstructions", redrawer=OWN))
    assert first_likeness(app) == pytest.approx(0.9 - 0.54)
    said = next(text for text in captions(app) if text.startswith("Left the original"))
    assert "the method's own redrawer, trained along with the method. A likeness" in said
    assert "The figures above are the strongest attacker's." in said
    assert any("λ₁ = 5" in text and "evaluate" in text for text in captions(app))


@pytest.mark.parametrize("recipe", [1, RECIPE])
def test_why_a_decoder_of_an_earlier_recipe_draws_so_badly_is_said(along, recipe, monkeypatch):
    monkeypatch.setattr("core.results.RECIPE", RECIPE if recipe == RECIPE else RECIPE + 1)
    app = whole(open_page("reconstructions"))
    said = [text for text in captions(app) if "trained by an earlier recipe" in text]
    assert len(said) == (recipe != RECIPE)


def test_pictures_of_before_say_how_they_are_had(along):
    app = whole(open_page("reconstructions"))
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert any("the setting has to be trained again first" in text for text in captions(app))
    assert "cannot be shown" not in words(app)


def test_a_method_without_a_decoder_of_its_own_shows_none(populated):
    app = whole(open_page("reconstructions"))
    assert not any("decoder" in s.value or "paper" in s.value for s in app.subheader)


def test_a_face_is_followed_along_the_layers(root):
    for schedule, strength in (({}, 0.9), ({"layer": 3}, 0.5), ({"layer": 1}, 0.1)):
        run = Run("adversarial_reconstruction", "synthetic", private=(), schedule=schedule)
        write_run(root, checked(run), strength)
    app = whole(open_page("reconstructions"))
    strip = [text for text in captions(app) if text.strip(":orange[]*").startswith(("conv", "fc"))]
    assert [text.split("  \n")[0] for text in strip] == ["conv2", "conv4", ":orange[**fc**]"]
    assert "**The same face, by layer**" in [m.value for m in app.markdown]
