"""Who is asked what: pure functions of the items, how often they were used, and a seed."""

import itertools
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import PenumbraError

Item = Mapping[str, Any]
Trial = tuple[int, list[int]]


def assign(
    items: Sequence[Item], used: Mapping[int, int], design: Mapping[str, Any], seed: int
) -> list[Trial]:
    """What one participant is asked, in order: (item id, option order) with option order[place on
    the screen] = index into the item's options.

    items  of one study, dicts with id, role, setting, attacker and person
    used   how often each item was asked before, by id

    Nobody is asked about one person twice. Settings are asked about equally often (give or take
    one), the least used person first, ties at random; the right option is at each place equally
    often (give or take one). Raises PenumbraError where the items are too few for the design.
    """
    chance = random.Random(seed)
    by_role: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item["id"]):
        by_role[item["role"]].append(item)
    asked: set[int] = set()
    questions = _questions(by_role["question"], used, design["questions"], asked, chance)
    checks = _least_used(by_role["attention"], used, design["attention"], asked, chance)
    practice = _least_used(by_role["practice"], used, int(design["practice"]), asked, chance)
    trials = practice + _spread(questions, checks, chance)
    options = design["options"]
    places = _places(len(trials), options, chance)
    drawn = []
    for item, place in zip(trials, places, strict=True):
        order = chance.sample(range(1, options), options - 1)
        order.insert(place, 0)
        drawn.append((item["id"], order))
    return drawn


def _questions(
    items: list[Item], used: Mapping[int, int], wanted: int, asked: set[int], chance: random.Random
) -> list[Item]:
    """One item for each of `wanted` questions, in random order."""
    cells: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        cells[item["setting"], item["attacker"]].append(item)
    if not cells:
        raise _too_few("question", wanted, 0)
    totals = {cell: sum(used.get(item["id"], 0) for item in cells[cell]) for cell in cells}
    # Least used settings first: they get one question more where these do not come out even.
    order = sorted(cells, key=lambda cell: (totals[cell], chance.random()))
    chosen = []
    for cell in itertools.islice(itertools.cycle(order), wanted):
        chosen += _least_used(cells[cell], used, 1, asked, chance)
    chance.shuffle(chosen)
    return chosen


def _least_used(
    items: list[Item], used: Mapping[int, int], wanted: int, asked: set[int], chance: random.Random
) -> list[Item]:
    """`wanted` items about people who were not asked about yet; adds them to `asked`."""
    found: list[Item] = []
    for item in sorted(items, key=lambda item: (used.get(item["id"], 0), chance.random())):
        if len(found) < wanted and item["person"] not in asked:
            asked.add(item["person"])
            found.append(item)
    if len(found) < wanted:
        role = items[0]["role"] if items else "needed"
        raise _too_few(role, wanted, len(found))
    return found


def _too_few(role: str, wanted: int, found: int) -> PenumbraError:
    return PenumbraError(
        f"this study's {role} items are of too few people: {wanted} wanted, {found} left; prepare it "
        "again with more people"
    )


def _spread(questions: list[Item], checks: list[Item], chance: random.Random) -> list[Item]:
    """The questions with each check somewhere in its own equal part of them, never first."""
    found = list(questions)
    part = len(questions) / max(1, len(checks))
    for number in reversed(range(len(checks))):
        low, high = max(1, round(number * part)), max(1, round((number + 1) * part))
        found.insert(chance.randint(low, high), checks[number])
    return found


def _places(trials: int, options: int, chance: random.Random) -> list[int]:
    """The right option's place for each trial: every place equally often, in random order."""
    found: list[int] = []
    while len(found) < trials:
        found += chance.sample(range(options), options)
    found = found[:trials]
    chance.shuffle(found)
    return found
