"""Photographs of people that cannot be passed on: pages show their numbers, and say how to get the
rest."""

import pytest

from core.shipping import numbers_export
from tests.checkpoint_folders import populate
from tests.numbers_only import numbers_of
from tests.pages.conftest import headline, open_page, whole, words

TITLE = "CelebA (numbers only)"
NUMBERS = ("trade_off", "leaks", "compare", "papers", "report", "device_cost")
PICTURES = {  # page -> what the address asks for beside the data set
    "reconstructions": {},
    "attention": {},
    "embeddings": {},
    "noise": {"method": "image_noise"},
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The synthetic faces with all that was made of them, and real ones in numbers."""
    full, root = tmp_path_factory.mktemp("full"), tmp_path_factory.mktemp("both")
    populate(full, "celeba_64")
    populate(root)
    numbers_of(full, root)
    assert numbers_export.offences(root / "celeba_64") == []
    return root


@pytest.fixture
def here(both, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(both))


def test_it_stands_first_and_is_named_in_words(here):
    app = whole(open_page())
    assert app.selectbox(key="data").options == [TITLE, "synthetic"]
    assert app.selectbox(key="data").value == "celeba_64"
    assert "DeepObfuscator" in app.selectbox(key="method").options
    assert headline(app).startswith(
        "## At λ₁ = 1, λ₂ = 1 the strongest attacker tells the gender in "
    )


@pytest.mark.parametrize("page", NUMBERS)
def test_pages_of_numbers_are_whole(here, page):
    app = whole(open_page(page))
    assert "damaged" not in words(app)
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize("page", PICTURES)
def test_pages_of_pictures_say_how_to_get_them(here, page):
    app = whole(open_page(page, **PICTURES[page]))
    said = words(app)
    assert "CelebA is here in numbers only." in said
    assert "data add celeba --source celeba --path FOLDER" in said
    assert "--dataset celeba " in said
    assert "Left the original" not in said
    assert not {"Face", "Faces", "Draw again"} & {e.label for e in (*app.selectbox, *app.button)}
    assert not app.error
    assert not app.warning


def test_one_press_shows_the_faces_that_are_here(here):
    app = whole(open_page("reconstructions"))
    button = next(b for b in app.button if b.label == "Look at the synthetic faces")
    whole(button.click().run())
    assert app.selectbox(key="data").value == "synthetic"
    assert "numbers only" not in words(app)


def test_the_reader_s_own_photograph_needs_a_network(here):
    app = whole(open_page("reconstructions", whose="own"))
    assert "CelebA is here in numbers only." in words(app)
    assert not app.get("file_uploader")


def test_people_are_not_asked_about(here):
    app = open_page("leaks")
    app.session_state["leak_people_open"] = True
    assert "CelebA is here in numbers only." in words(whole(app.run()))


def test_two_settings_are_compared_by_their_intervals(here):
    app = whole(open_page("compare"))
    assert headline(app).startswith("## Compared with Unprotected features, DeepObfuscator")
    said = words(app)
    assert "Not compared photograph by photograph: only numbers are here." in said
    assert "resampled together" not in said


def test_a_damaged_declaration_leaves_the_numbers(both, tmp_path, monkeypatch):
    root = tmp_path / "checkpoints"
    populate(tmp_path / "full", "celeba_64")
    numbers_of(tmp_path / "full", root)
    (root / "celeba_64" / "numbers_only.json").write_text("[]")
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(root))
    app = whole(open_page())
    assert app.selectbox(key="data").options == ["celeba_64 (numbers only)"]


def test_the_report_says_what_is_not_here(here):
    app = whole(open_page("report"))
    wanted = next(b for b in app.button if b.label == "Write the report")
    whole(wanted.click().run())
    _, file = app.session_state["report_file"]
    text = file.decode()
    assert "data set “CelebA”" in text
    assert "CelebA is here in numbers only" in text
    assert "(the file is not here)" in text
    assert "python -m core data add celeba" in text
