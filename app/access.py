"""Who may see the officers' pages: everything but a study's own page, which needs nothing.

In this order: an identity provider (Streamlit's OpenID Connect) with a list of addresses, else a
password, else this machine alone. Where a proxy before Penumbra asks who it is, `PENUMBRA_OFFICERS=
anyone` says so.

A machine's own settings are `PENUMBRA_<NAME>` in the environment, else `<name>` under `[penumbra]` in
`.streamlit/secrets.toml`. Neither is ever shown on a page.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from streamlit.errors import StreamlitSecretNotFoundError

DATABASE = "DATABASE"  # where studies are kept; `core.study.storage.database` reads it
# of the officers' password, made by `python -m core study password`
PASSWORD_HASH = "PASSWORD_HASH"
OFFICERS = "OFFICERS"  # e-mail addresses that may come in after signing in; or ANYONE
ANYONE = "anyone"
ALLOWED = "officer"  # session key: how this session came in
LONGEST_PASSWORD = 200
WRONG = 8  # wrong passwords …
PER = 60.0  # … in so many seconds, from everybody together: then all wait
CHECKING = threading.Lock()
# Headers with which proxies and tunnels say that the visitor is somebody behind them.
FORWARDED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
FORWARDED |= {"x-real-ip", "cf-connecting-ip", "true-client-ip", "via"}
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def setting(name: str) -> str | None:
    """The value of a setting, None where nobody set it."""
    if value := os.environ.get(f"PENUMBRA_{name}"):
        return value
    value = _section("penumbra").get(name.lower())
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value) if value else None


def hand_down() -> None:
    """For the core and processes that the app starts, which look for the database there."""
    if address := setting(DATABASE):
        os.environ[f"PENUMBRA_{DATABASE}"] = address


def signs_in() -> bool:
    """Whether an identity provider is configured (Streamlit's `[auth]`)."""
    return bool(_section("auth"))


def _section(name: str) -> dict[str, Any]:
    try:
        found = st.secrets.get(name, {})
    except StreamlitSecretNotFoundError:  # there is no such file, which is usual
        return {}
    return dict(found) if hasattr(found, "keys") else {}


def allowed() -> bool:
    if setting(OFFICERS) == ANYONE:
        return True
    if signs_in():
        return bool(st.user.is_logged_in) and admitted(st.user.to_dict(), _listed())
    if password_hash := setting(PASSWORD_HASH):
        return st.session_state.get(ALLOWED) == password_hash
    return _on_this_machine()


def door() -> None:
    """The page for those who are not allowed: what is needed to come in."""
    if signs_in():
        _sign_in()
    elif password_hash := setting(PASSWORD_HASH):
        _ask_password(password_hash)
    else:
        _head(
            "These pages answer on their own machine only",
            "Nobody has set a password for them. If you were sent a link to a study, open that whole "
            "link again. If you run Penumbra, make a password:",
        )
        st.code("python -m core study password", language=None)


def how() -> str:
    """One sentence for officers: who can open these pages at the moment."""
    if setting(OFFICERS) == ANYONE:
        return "Penumbra asks nobody who they are (PENUMBRA_OFFICERS=anyone): whatever stands before it must."
    if signs_in():
        return "Officers sign in with the configured identity provider; participants need nothing."
    if setting(PASSWORD_HASH):
        return "Officers' pages ask for the password; participants need nothing."
    return (
        "No password is set, so these pages answer on this machine only. Participants elsewhere can "
        "open a study's link as soon as Penumbra is served to them; to reach these pages from "
        "elsewhere, set a password (python -m core study password)."
    )


def local(headers: Mapping[str, str], remote: str | None) -> bool:
    """Whether a connection comes from this machine itself and not through a proxy on it.

    headers  of the websocket's handshake, names in any case; a Host of another name is somebody
             else's page pointing here
    remote   address of the other end; None is loopback, as Streamlit has it
    """
    named = {name.lower(): value for name, value in headers.items()}
    if FORWARDED & set(named):
        return False
    try:
        host = urlsplit(f"//{named.get('host', '')}").hostname
    except ValueError:
        return False
    return host in LOCAL_NAMES and _loopback(remote)


def _loopback(remote: str | None) -> bool:
    if remote is None:
        return True
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _on_this_machine() -> bool:
    """Looked at once, while the browser is connected: before that there are no headers."""
    if ALLOWED not in st.session_state:
        headers = st.context.headers.to_dict()
        if not headers:
            return False
        st.session_state[ALLOWED] = local(headers, st.context.ip_address)
    return st.session_state[ALLOWED] is True


def _sign_in() -> None:
    if not st.user.is_logged_in:
        _head("Penumbra", "These pages are for officers. Participants of a study open its link.")
        if st.button("Sign in", type="primary", icon=":material/login:"):
            st.login()
        return
    _head(
        "Signed in, but not on the list",
        "Whoever runs Penumbra decides who may see these pages: ask them to add your address.",
    )
    if st.button("Sign out", icon=":material/logout:"):
        st.logout()


def _listed() -> list[str]:
    named = (setting(OFFICERS) or "").lower().split(",")
    return [entry.strip() for entry in named if entry.strip()]


def admitted(user: Mapping[str, Any], listed: list[str]) -> bool:
    """Whether a signed-in user is on the list of addresses, or at one of its domains
    ("@office.eu"). An address that the provider has not verified does not count; an empty list
    admits nobody."""
    email = user.get("email")
    if not isinstance(email, str) or user.get("email_verified", True) is not True:
        return False
    email = email.strip().lower()
    return email in listed or f"@{email.rpartition('@')[2]}" in listed


def _ask_password(password_hash: str) -> None:
    _head("Penumbra", "These pages are for officers. Participants of a study open its link.")
    with st.form("password", width=420):
        given = st.text_input("Password", type="password", max_chars=LONGEST_PASSWORD)
        pressed = st.form_submit_button("Come in", type="primary")
    if pressed:
        right, problem = check(given, password_hash, _wrong(), time.monotonic())
        if right:
            st.session_state[ALLOWED] = password_hash
            st.rerun()
        st.error(problem, icon=":material/error:")


@st.cache_resource
def _wrong() -> deque[float]:
    """When the last wrong passwords were given, by anybody."""
    return deque(maxlen=WRONG)


def check(given: str, password_hash: str, wrong: deque[float], now: float) -> tuple[bool, str]:
    """(whether the password is right, what to say). One at a time: the hash is slow and takes memory
    on purpose, and many at once would be a way to stop the server."""
    with CHECKING:
        if len(wrong) == WRONG and now - wrong[0] < PER:
            return False, "Too many wrong passwords. Wait a minute, then try again."
        try:
            PasswordHasher().verify(password_hash, given[:LONGEST_PASSWORD])
            return True, ""
        except InvalidHashError:
            return False, (
                "PENUMBRA_PASSWORD_HASH is no password's hash, so nobody can come in. Make one with "
                "python -m core study password, and start Penumbra again."
            )
        except VerificationError:
            wrong.append(now)
            return False, "That is not the password."


def _head(title: str, text: str) -> None:
    st.title(title, anchor=False)
    st.write(text)
