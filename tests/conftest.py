"""What holds for every test: the same examples, seeds and environment on every machine, and at the
end what was skipped and why."""

from __future__ import annotations

import os
import random
import secrets
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers

from core import seeding

# Before torch and numpy are imported: nothing a user has set reaches a test, and sums do not depend
# on how many cores there are.
for _name in [name for name in os.environ if name.startswith("PENUMBRA_")]:
    del os.environ[_name]
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["PENUMBRA_THREADS"] = "1"
os.fsync = lambda file: None  # no test pulls the plug, and a busy disk takes its time

FOUND = ".hypothesis/examples"
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile(
    "fuzz",
    max_examples=2000,
    deadline=None,
    database=DirectoryBasedExampleDatabase(FOUND),
    print_blob=True,
)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz",
        nargs="?",
        const="anew",
        metavar="SEED",
        help="Hypothesis tests alone, with random examples, many more, kept in " + FOUND,
    )


def pytest_configure(config: pytest.Config) -> None:
    wanted = config.getoption("--fuzz")
    if wanted is None:
        # Hypothesis also tries constants of the modules that happen to be imported, which differ
        # from worker to worker.
        providers._get_local_constants = lambda: providers._local_constants
        return
    hypothesis.settings.load_profile("fuzz")
    if wanted == "anew":  # xdist's workers are given the options as they are now
        config.option.fuzz = str(secrets.randbelow(2**32))
    config.option.markexpr = "hypothesis"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("--fuzz")
    for item in items if seed is not None else ():
        if hypothesis.is_hypothesis_test(item.obj):
            # what @hypothesis.seed sets, which keeps nothing of what it finds
            item.obj._hypothesis_internal_use_seed = int(seed)


def pytest_report_header(config: pytest.Config) -> str | None:
    return _seed(config)


def _seed(config: pytest.Config) -> str | None:
    seed = config.getoption("--fuzz")
    return seed and f"random examples: again with `make fuzz SEED={seed}`; found ones in {FOUND}"


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """What was skipped, by reason."""
    if config.getoption("--fuzz") is not None:
        terminalreporter.write_line(_seed(config))
    places: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        places[reason.removeprefix("Skipped: ")].append(report.nodeid)
    terminalreporter.section("skipped" if places else "nothing was skipped")
    for reason, skipped in sorted(places.items()):
        files = sorted({place.partition("::")[0] for place in skipped})
        terminalreporter.write_line(f"{len(skipped)} because {reason} ({', '.join(files)})")


@pytest.fixture(autouse=True)
def _same_seeds() -> None:
    """Whoever draws from a global generator draws the same, whatever ran before."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if "torch" in sys.modules:
        seeding.seed_torch(0)


@pytest.fixture(scope="session")
def share_packs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Makes a home in which the synthetic faces are packed at 64x64 already: half a minute's work,
    done once for all tests."""
    from core import data

    base = tmp_path_factory.getbasetemp()
    first = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packed_home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_HOME", str(first))
        data.load("synthetic", 64, 64, progress=False)  # another worker's is waited for

    def share(home: Path) -> None:
        home.mkdir()
        (home / "packed").symlink_to(first / "packed")

    return share


LISTINGS = (("core.attacks", "ATTACKS"), ("core.methods", "METHODS"), ("core.metrics", "METRICS"))


@pytest.fixture(autouse=True, scope="module")
def _same_listings() -> Iterator[None]:
    """What a file adds or takes away is as it was, in its old order, for the next one."""
    found = [(sys.modules[place], name) for place, name in LISTINGS if place in sys.modules]
    before = [list(getattr(module, name)) for module, name in found]
    yield
    assert [list(getattr(module, name)) for module, name in found] == before
