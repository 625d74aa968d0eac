"""Reconstructions: empty, populated, damaged; film strip and order."""

from core.methods import METHODS
from tests.checkpoint_folders import PICTURES, damage
from tests.pages.conftest import open_page, whole, words

SHOWN = "deep_obfuscator.lambda1"


def captions(app):
    return [caption.value for caption in app.main.caption]


def test_empty_says_what_to_do(root):
    app = whole(open_page("reconstructions"))
    assert app.title[0].value == "What would an attacker see?"
    assert "Nothing has been trained yet" in words(app)


def test_populated_shows_pairs_and_a_film_strip(populated):
    app = whole(open_page("reconstructions"))
    assert "redraws the picture with a likeness of 0.70" in app.main.markdown[0].value
    assert sum(text.startswith("**") for text in captions(app)) == PICTURES
    strip = [text for text in captions(app) if "λ₁ = " in text]
    assert [text.split("λ₁ = ")[1][0] for text in strip] == ["0", "1", "5"]
    assert [float(text.split()[-1]) for text in strip] == [0.84, 0.67, 0.46]
    assert [":orange" in text for text in strip] == [False, True, False]


def test_the_knob_changes_words_and_pictures(populated):
    app = whole(open_page("reconstructions"))
    before = captions(app)
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert "At λ₁ = 5" in app.main.markdown[0].value
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
    assert f"At blur = {strongest:g}" in app.main.markdown[0].value


def test_a_method_that_releases_no_picture_keeps_its_place(populated):
    app = whole(open_page(method="answer_only"))
    whole(app.switch_page("../pages/reconstructions.py").run())
    assert "No attacker has redrawn pictures" in words(app)
    whole(app.switch_page("../pages/trade_off.py").run())
    assert app.selectbox(key="method").value == "answer_only"


def test_damaged_pictures_are_named(populated):
    broken = damage(populated)["arrays"]
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
