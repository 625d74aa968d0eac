"""What closed studies found, as findings among the others: people are one more attacker."""

import math
import time

import pandas as pd

from core.errors import PenumbraError
from core.study.storage import location

FRESH = 5.0  # seconds; a database may be far away
AWAY = "away"
_looked: tuple[str, float, str] = ("", -math.inf, "")  # database, when, what


def version() -> str:
    """`results.closed_version`, asked at most every `FRESH` seconds; `AWAY` without a database."""
    global _looked
    if not location.exists():
        return ""
    from core.study.analysis import results  # what speaks to databases takes half a second to load

    now, address = time.monotonic(), location.url()
    if _looked[0] != address or now - _looked[1] > FRESH:
        try:
            _looked = (address, now, results.closed_version())
        except PenumbraError:
            _looked = (address, now, AWAY)
    return _looked[2]


def findings() -> tuple[pd.DataFrame, list[str]]:
    """(`core.study.analysis.results.findings` of closed studies, one line for each that was left
    out); the study stands in the target by its title. Where a setting's faces were redrawn by
    several attackers, those count by which its people were recognised best."""
    from core.study.analysis import results

    try:
        titles = results.closed_titles()
        found, problems = results.findings(list(titles))
    except PenumbraError as error:
        return pd.DataFrame(), [f"studies were left out: {error}"]
    if found.empty:
        return found, problems
    named = {f"recognition:{name}": f"recognition:{title}" for name, title in titles.items()}
    found = found.assign(target=found["target"].replace(named))
    found = found.sort_values("value", ascending=False, kind="stable")
    return found.drop_duplicates(["run_id", "release_value", "target", "attacker"]), problems
