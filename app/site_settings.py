"""What whoever runs Penumbra decides for this machine: in the environment, or in Streamlit's secrets.

`PENUMBRA_<NAME>` in the environment comes first, then `<name>` under `[penumbra]` in
`.streamlit/secrets.toml`. Neither is ever shown on a page.
"""

from __future__ import annotations

import os
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

DATABASE = "DATABASE"  # where studies are kept; `core.study.storage.database` reads it
PASSWORD_HASH = (
    "PASSWORD_HASH"  # of the officers' password, made by `python -m core study password`
)
OFFICERS = "OFFICERS"  # e-mail addresses that may come in after signing in; or ANYONE
ANYONE = "anyone"


def setting(name: str) -> str | None:
    """The value of a setting, None where nobody set it."""
    if value := os.environ.get(f"PENUMBRA_{name}"):
        return value
    value = _section("penumbra").get(name.lower())
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value) if value else None


def hand_down() -> None:
    """Put the database's address into the environment: the core and the processes that the app
    starts look for it there."""
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
