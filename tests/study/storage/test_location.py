"""Whether there may be studies, told without loading what opens them."""

import subprocess
import sys

import pytest

from core.study.storage import location


@pytest.mark.parametrize("kind", ["sqlite", "sqlite+pysqlite"])
def test_a_named_file_is_looked_for(tmp_path, monkeypatch, kind):
    path = tmp_path / "mine.sqlite"
    monkeypatch.setenv("PENUMBRA_DATABASE", f"{kind}:///{path}?timeout=3")
    assert not location.exists()
    path.touch()
    assert location.exists()


def test_a_server_is_not_asked(monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", "postgresql://nobody:x@127.0.0.1:1/none")
    assert location.exists()


def test_looking_loads_no_database_library():
    code = "import sys; from core.study.storage import location; location.exists(); print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
