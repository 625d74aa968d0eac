"""The door before the officers' pages, opened through app/main.py."""

import pytest
import streamlit as st
from argon2 import PasswordHasher
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import MAIN, open_page, whole, words


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


class User(dict):
    """Whom an identity provider says is there."""

    is_logged_in = True

    def to_dict(self):
        return dict(self)


def signed_in(monkeypatch, user, officers):
    monkeypatch.setattr(st, "user", user)
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.secrets["auth"] = {"client_id": "penumbra"}
    app.secrets["penumbra"] = {"officers": officers}
    return whole(app.run())


def test_with_an_identity_provider_officers_sign_in(populated, monkeypatch):
    nobody = User()
    nobody.is_logged_in = False
    app = signed_in(monkeypatch, nobody, ["anna@office.eu"])
    assert [button.label for button in app.button] == ["Sign in"]
    assert not app.sidebar.selectbox


def test_only_those_on_the_list_come_in(populated, monkeypatch):
    stranger = signed_in(monkeypatch, User(email="eve@office.eu"), ["anna@office.eu"])
    assert "not on the list" in stranger.title[0].value
    assert not stranger.sidebar.selectbox
    listed = signed_in(monkeypatch, User(email="anna@office.eu"), ["anna@office.eu"])
    assert listed.sidebar.selectbox


def test_a_study_s_link_asks_nobody_and_shows_no_page_of_the_app(populated, monkeypatch):
    monkeypatch.setenv("PENUMBRA_PASSWORD_HASH", PasswordHasher(1, 64, 1).hash("correct horse"))
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.query_params["study"] = "abcdefghijkl"
    whole(app.run())
    assert app.title[0].value == "There is no study here"
    assert not app.text_input
    assert not app.sidebar.selectbox
