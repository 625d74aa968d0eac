"""A page is one file and one line: a toy page from a folder of its own is found wherever pages are listed."""

import importlib.util
import sys

import pytest
from streamlit.testing.v1 import AppTest

from app.main import PAGES, ROOT
from tests.pages.conftest import whole, words

LINE = '    Page("Decide", "toy", "A toy page", "toys"),\n'
TOY = """
import streamlit as st

from app.page import show
from app.settings import looking

here = looking.look("Is it a toy?")
show.verdict("It is a toy.")
"""


@pytest.fixture
def main(tmp_path):
    """`app/main.py` with one line more, in a folder where everything else is as it is here."""
    for folder in ("app", "pages"):
        (tmp_path / folder).mkdir()
        for entry in (ROOT / folder).iterdir():
            (tmp_path / folder / entry.name).symlink_to(entry)
    (tmp_path / "core").symlink_to(ROOT / "core")
    script = tmp_path / "app" / "main.py"
    script.unlink()
    text = (ROOT / "app" / "main.py").read_text()
    last = text[: text.index("\n)\n", text.index("PAGES = (")) + 1]
    script.write_text(text.replace(last, last + LINE))
    (tmp_path / "pages" / "toy.py").write_text(TOY)
    return script


def test_a_page_of_its_own_file_opens_beside_the_others(populated, main):
    app = whole(AppTest.from_file(str(main), default_timeout=60).run())
    assert "How much protection" in app.title[0].value
    whole(app.switch_page("../pages/toy.py").run())
    assert app.title[0].value == "Is it a toy?"
    assert "It is a toy." in words(app)
    assert app.sidebar.selectbox(key="method")  # it looks at what the other pages look at
    whole(app.switch_page("../pages/trade_off.py").run())


def test_whatever_lists_pages_follows_the_line(main, monkeypatch):
    spec = importlib.util.spec_from_file_location("one_more_main", main)
    more = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(more)
    assert [page.name for page in more.PAGES] == [*(page.name for page in PAGES), "toy"]
    monkeypatch.setattr("app.main.PAGES", more.PAGES)
    for listing in ("bench.app.load", "bench.app.screenshots"):
        monkeypatch.delitem(sys.modules, listing, raising=False)
        assert "toy" in importlib.import_module(listing).NAMES
        sys.modules.pop(listing)


def test_every_page_is_a_thin_file_and_listed():
    """At most 150 lines; what a page does is in its room in app/."""
    files = {path.stem: path for path in (ROOT / "pages").glob("*.py")}
    assert set(files) - {"take_part"} == {page.name for page in PAGES}
    long = {name for name, path in files.items() if len(path.read_text().splitlines()) > 150}
    assert not long
