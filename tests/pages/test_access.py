"""The door before the officers' pages, opened through app/main.py."""

import pytest
from argon2 import PasswordHasher

from tests.pages.conftest import open_page, whole, words


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    monkeypatch.delenv("PENUMBRA_OFFICERS")


def test_without_a_password_a_stranger_sees_nothing_of_the_app(populated):
    app = whole(open_page("trade_off"))
    assert "answer on their own machine only" in app.title[0].value
    assert "How much protection" not in words(app)
    assert not app.sidebar.selectbox


def test_with_the_password_the_page_opens(populated, monkeypatch):
    monkeypatch.setenv("PENUMBRA_PASSWORD_HASH", PasswordHasher(1, 64, 1).hash("correct horse"))
    app = whole(open_page("trade_off"))
    assert not app.sidebar.selectbox
    app.text_input[0].set_value("wrong")
    app.button[0].click().run()
    assert "not the password" in app.error[0].value
    app.text_input[0].set_value("correct horse")
    app.button[0].click().run()
    assert app.title[0].value == "How much protection can this service afford?"
    whole(app.run())
    assert app.sidebar.selectbox


def test_a_changed_password_ends_what_the_old_one_opened(populated, monkeypatch):
    monkeypatch.setenv("PENUMBRA_PASSWORD_HASH", PasswordHasher(1, 64, 1).hash("old"))
    app = open_page("trade_off")
    app.text_input[0].set_value("old")
    app.button[0].click().run()
    assert app.sidebar.selectbox
    monkeypatch.setenv("PENUMBRA_PASSWORD_HASH", PasswordHasher(1, 64, 1).hash("new"))
    assert not app.run().sidebar.selectbox


def test_a_proxy_that_asks_may_stand_before_it(populated, monkeypatch):
    monkeypatch.setenv("PENUMBRA_OFFICERS", "anyone")
    assert whole(open_page("trade_off")).sidebar.selectbox
