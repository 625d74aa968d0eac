"""The tables of docs/real-faces.md: from numbers alone, and never empty."""

import pytest

from bench import real_faces_tables
from bench.real_faces_tables import BEGIN, DOCUMENT, END, tables, written
from core.run import ROOT
from tests.checkpoint_folders import populate
from tests.numbers_only import numbers_of


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    full, root = tmp_path_factory.mktemp("full"), tmp_path_factory.mktemp("numbers")
    populate(full, "celeba_64")
    numbers_of(full, root)
    return root


def test_a_row_for_each_setting(root):
    lines = tables(root)
    assert lines[0] == "### CelebA"
    assert "Photographs: test 400." in lines[2]
    rows = [line for line in lines if line.startswith("| DeepObfuscator, ")]
    assert len(rows) == 6
    assert all(line.count("|") == 8 for line in rows)
    (middle,) = (row for row in rows if "λ₁ = 1, λ₂ = 1 " in row)
    cells = [cell.strip() for cell in middle.split("|")[2:-1]]
    assert cells[2].startswith(".824 (.804–.844)")
    assert cells[-1] == "1"


def test_synthetic_faces_are_in_no_table(tmp_path):
    populate(tmp_path)
    assert tables(tmp_path) == []


def test_lines_go_between_the_marks_and_replace_what_was_there():
    once = written(f"a\n{BEGIN}\n{END}\nb\n", ["| x |"])
    assert once == f"a\n{BEGIN}\n\n| x |\n\n{END}\nb\n"
    assert written(once, []) == f"a\n{BEGIN}\n{END}\nb\n"
    with pytest.raises(ValueError, match="lacks"):
        written("nothing", [])


def test_the_document_holds_what_is_here():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert written(text, tables(ROOT / "checkpoints")) == text


def test_without_numbers_the_command_says_what_makes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(real_faces_tables, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["real_faces_tables"])
    assert real_faces_tables.main() == 1
    assert "no numbers" in capsys.readouterr().out
