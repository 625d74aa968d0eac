"""Every `--help`, on consoles of every kind."""

import argparse
import os
import subprocess
import sys

import pytest

from core.__main__ import _parser
from core.run import ROOT


def parsers(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


@pytest.mark.parametrize("parser", parsers(_parser()), ids=lambda parser: parser.prog)
def test_every_help_says_what_was_written(parser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "10000")  # nothing is wrapped
    shown = parser.format_help()
    for action in parser._actions:
        if action.help and action.help != argparse.SUPPRESS:
            assert action.help in shown


def test_help_is_printed_where_the_console_knows_no_greek():
    shown = subprocess.run(
        [sys.executable, "-m", "core", "sweep", "--help"],
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert b"lambda1 (?" in shown.stdout
