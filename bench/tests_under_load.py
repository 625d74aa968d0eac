"""Does `make test` pass again and again while others keep the machine busy?

    python -m bench.tests_under_load                       # twenty runs, two busy processes
    python -m bench.tests_under_load --runs 3 --busy 4 --python .venv-3.13/bin/python

Runs what `make test` gives to pytest, again and again, while `--busy` processes compute without
end. Prints each run's result as it ends, and at last every test that ever failed with how often.
Exit status 0 where no run failed. Arguments after `--` go to pytest as well (`-- tests/study`).
"""

import argparse
import multiprocessing
import re
import subprocess
import sys
import time
from collections import Counter

from core.run import ROOT

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", type=int, default=2, help="processes that keep cores busy")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that tests")
    parser.add_argument("pytest", nargs="*", help="more arguments for pytest, after --")
    given = parser.parse_args()
    others = [multiprocessing.Process(target=compute, daemon=True) for _ in range(given.busy)]
    for other in others:
        other.start()
    failures: Counter[str] = Counter()
    bad = 0
    try:
        for number in range(1, given.runs + 1):
            began = time.perf_counter()
            failed, last = run(given.python, given.pytest)
            failures.update(failed)
            bad += failed != []
            minutes = (time.perf_counter() - began) / 60
            print(
                f"run {number}: {'failed' if failed else 'passed'}, {minutes:.1f} min: {last}",
                flush=True,
            )
            for name in failed:
                print(f"  {name}", flush=True)
    finally:
        for other in others:
            other.kill()
    print(f"{given.runs - bad} of {given.runs} runs passed")
    for name, times in failures.most_common():
        print(f"failed {times} times: {name}")
    return 1 if bad else 0


def run(python: str, more: list[str]) -> tuple[list[str], str]:
    """(what failed, pytest's last line) of one run; a run that ends otherwise has failed as a whole."""
    command = [python, "-m", "pytest", *pytest_arguments(), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    failed = sorted(set(FAILED.findall(done.stdout)))
    last = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode and not failed:
        failed = [f"pytest itself, status {done.returncode}"]
    return failed, last


def pytest_arguments() -> list[str]:
    """What the Makefile's target `test` gives to pytest."""
    line = re.search(
        r"^test:.*\n\t.*-m pytest (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert line, "the Makefile's target `test` runs no pytest"
    return line[1].split()


def compute() -> None:
    while True:
        sum(number * number for number in range(10_000))


if __name__ == "__main__":
    sys.exit(main())
