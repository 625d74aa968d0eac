"""What is acknowledged outlives kill -9 of the app, and of the database server: few participants here;
`bench/study/load.py` is the same with two hundred."""

import re
import sys

import pytest

from bench.study import load
from tests.study import sample_study


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 1), ("postgresql", 2)])
def test_a_kill_in_the_middle_loses_and_doubles_nothing(kind, kills, monkeypatch, capsys):
    for name in ("PENUMBRA_HOME", "PENUMBRA_DATABASE"):
        monkeypatch.setenv(name, "")  # so that what is set within is taken back
    monkeypatch.setattr(sample_study, "SIZE", sample_study.SIZE)
    options = ["--participants", "8", "--database", kind, "--kill"]
    monkeypatch.setattr(sys, "argv", ["load", *options])
    assert load.main() == 0
    said = capsys.readouterr().out
    killed = [int(n) for n in re.findall(r"killed after (\d+) acknowledged", said)]
    assert len(killed) == kills
    assert all(number >= 40 for number in killed)  # half of the answers were in
    line = r"acknowledged \d+, stored (\d+) of 80: lost 0, doubled 0, missing 0"
    assert re.findall(line, said).count("80") >= kills
