"""Compare: two settings, side by side."""

import shutil

import pytest

from tests.pages.conftest import headline, open_page, whole, words
from tests.tiny_faces import tiny_faces

QUESTION = "Which of two settings is better?"


@pytest.fixture(autouse=True)
def few_photographs(monkeypatch):
    """Not all of the synthetic faces, which every test would have to decode."""
    faces = tiny_faces()
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)


def test_empty_says_what_to_do(root):
    app = whole(open_page("compare"))
    assert app.title[0].value == QUESTION
    assert "Nothing has been trained yet" in words(app)


def test_the_chosen_setting_beside_the_unprotected_one(populated):
    app = whole(open_page("compare"))
    assert headline(app).startswith(
        "## Compared with Unprotected features, DeepObfuscator, λ₁ = 1, λ₂ = 1 hides the gender"
    )
    assert "Not compared photograph by photograph" in words(app)  # made-up runs keep no decisions
    assert "The same faces" in words(app)


def test_the_second_setting_is_chosen_and_stands_in_the_address(populated):
    app = whole(open_page("compare"))
    other = app.selectbox(key="with").options
    assert any(text.startswith("Blurring") for text in other)
    blur = next(i for i, text in enumerate(other) if text.startswith("Blurring"))
    whole(app.selectbox(key="with").select_index(blur).run())
    assert headline(app).startswith("## Compared with Blurring")
    assert "".join(app.query_params["with"]).startswith("blur-")


def test_a_link_to_a_setting_that_is_not_there_falls_back(populated):
    app = whole(open_page("compare", **{"with": "../../etc/passwd"}))
    assert any("not available here" in note.value for note in app.info)
    assert headline(app).startswith("## Compared with Unprotected features")


def test_the_numbers_open(populated):
    app = open_page("compare", **{"method": "deep_obfuscator"})
    app.session_state["compare_numbers"] = True
    whole(app.run())


def test_one_setting_alone(own_findings):
    for folder in own_findings.glob("*/*"):
        if not folder.name.startswith("original-"):
            shutil.rmtree(folder)
    assert "Only one setting was measured" in words(whole(open_page("compare")))


def test_damaged_folders_are_named(damaged):
    app = whole(open_page("compare"))
    assert headline(app).startswith("## Compared with")
    assert "left out" in "".join(folder.label for folder in app.expander)
