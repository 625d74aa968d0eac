"""Every page, opened through app/main.py on a checkpoint folder of the test's own."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.checkpoint_folders import damage, populate

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    """Own folders, own environment, and no cache of an earlier test."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    # AppTest has no connection whose other end could be this machine
    monkeypatch.setenv("PENUMBRA_OFFICERS", "anyone")
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setattr(sys, "path", list(sys.path))
    # AppTest looks through every installed distribution for components; ours are not installed
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    populate(root)
    return root


@pytest.fixture(scope="session")
def as_written(template):
    return as_they_lie(template)


@pytest.fixture
def populated(template, as_written, monkeypatch):
    """Findings of many settings, the same folder for all tests: nobody may change it."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(template))
    yield template
    assert as_they_lie(template) == as_written, "a test that changes findings takes `own_findings`"


@pytest.fixture
def own_findings(template, root):
    """The same findings in a folder of the test's own."""
    return shutil.copytree(template, root, dirs_exist_ok=True)


@pytest.fixture
def damaged(own_findings):
    damage(own_findings)
    return own_findings


def as_they_lie(root):
    """What changes when anything in a folder does."""
    return {
        (path, (found := path.lstat()).st_ino, found.st_mtime_ns, found.st_size)
        for path in root.rglob("*")
    }


def open_page(name="trade_off", **query):
    """The page after its first run."""
    app = AppTest.from_file(MAIN, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    if name != "trade_off":
        app.switch_page(f"../pages/{name}.py")
    return app.run()


def words(app):
    """All text of a page."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "info",
        "warning",
        "error",
        "text",
        "code",
    )
    text = "\n".join(str(e.value) for kind in kinds for e in getattr(app, kind))
    return text.replace("\N{NO-BREAK SPACE}", " ")


def headline(app):
    """The verdict, in the page's first line of text."""
    return app.main.markdown[0].value.replace("\N{NO-BREAK SPACE}", " ")


def whole(app):
    """The page ran to its end without a traceback."""
    assert not app.exception, [e.value for e in app.exception]
    return app
