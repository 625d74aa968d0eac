"""What is acknowledged outlives kill -9 of the app, and of the database server: few participants here;
`bench/study/load.py` is the same with two hundred."""

import re
import subprocess
import sys

import pytest

from core.run import ROOT


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 1), ("postgresql", 2)])
def test_a_kill_in_the_middle_loses_and_doubles_nothing(kind, kills):
    options = ["--participants", "8", "--database", kind, "--kill"]
    command = [sys.executable, "-m", "bench.study.load", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    killed = [int(n) for n in re.findall(r"killed after (\d+) acknowledged", done.stdout)]
    assert len(killed) == kills
    assert all(number >= 40 for number in killed)  # half of the answers were in
    line = r"acknowledged \d+, stored (\d+) of 80: lost 0, doubled 0, missing 0"
    assert re.findall(line, done.stdout).count("80") >= kills
