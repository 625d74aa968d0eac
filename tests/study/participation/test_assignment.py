"""Who is asked what: nobody about one person twice, everything equally often."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PenumbraError
from core.study.participation.assignment import assign
from tests.examples import examples
from tests.study import sample_study


def numbered(design: dict) -> list[dict]:
    """A study's items as the database has them."""
    return [
        {"id": number, **item}
        for number, item in enumerate(sample_study.material(design)["items"], 1)
    ]


def several(design: dict, participants: int) -> tuple[list[dict], list[list], Counter]:
    """(items, every participant's trials, how often each item was used)."""
    items, used, everybody = numbered(design), Counter(), []
    for seed in range(participants):
        trials = assign(items, used, design, seed)
        used.update(item for item, _ in trials)
        everybody.append(trials)
    return items, everybody, used


designs = st.builds(
    lambda count, questions, more, options, attention, practice: sample_study.design(
        count,
        questions=questions,
        people=max(4, questions) + more,
        options=options,
        attention=attention,
        practice=practice,
    ),
    st.integers(1, 6),
    st.integers(1, 14),
    st.integers(0, 10),
    st.integers(2, 6),
    st.integers(0, 4),
    st.booleans(),
)


@examples(0.4)
@given(designs, st.integers(0, 2**48))
def test_one_participant(design, seed):
    items = {item["id"]: item for item in numbered(design)}
    trials = assign(list(items.values()), {}, design, seed)
    asked = [items[item] for item, _ in trials]
    roles = Counter(item["role"] for item in asked)
    assert (
        roles
        == Counter(
            {
                "question": design["questions"],
                "attention": design["attention"],
                "practice": int(design["practice"]),
            }
        )
        - Counter()
    )
    people = [item["person"] for item in asked]
    assert len(set(people)) == len(people)
    if design["practice"]:
        assert asked[0]["role"] == "practice"
    per_setting = Counter(item["setting"] for item in asked if item["role"] == "question")
    all_settings = [
        per_setting[item["setting"]] for item in items.values() if item["role"] == "question"
    ]
    assert max(all_settings) - min(all_settings) <= 1
    for _, order in trials:
        assert sorted(order) == list(range(design["options"]))
    places = Counter(order.index(0) for _, order in trials)
    right = [places[place] for place in range(design["options"])]
    assert max(right) - min(right) <= 1
    assert trials == assign(list(reversed(items.values())), {}, design, seed)  # by seed alone


@examples(0.15)
@given(designs)
def test_many_participants_are_balanced(design):
    items, _, used = several(design, 30)
    questions = [used[item["id"]] for item in items if item["role"] == "question"]
    assert max(questions) - min(questions) <= 2
    per_setting = Counter()
    for item in items:
        if item["role"] == "question":
            per_setting[item["setting"]] += used[item["id"]]
    assert max(per_setting.values()) - min(per_setting.values()) <= 1
    checks = [used[item["id"]] for item in items if item["role"] == "attention"]
    assert not checks or max(checks) - min(checks) <= 1


def test_checks_are_spread_and_never_first():
    design = sample_study.design(2, questions=12, attention=3, practice=False)
    items, everybody, _ = several(design, 200)
    roles = {item["id"]: item["role"] for item in items}
    found = [
        [n for n, (item, _) in enumerate(trials) if roles[item] == "attention"]
        for trials in everybody
    ]
    assert all(first > 0 for first, _, _ in found)
    for number, (low, high) in enumerate([(1, 4), (5, 9), (10, 14)]):
        assert {low, high} <= {places[number] for places in found}  # all over its part
        assert all(low <= places[number] <= high for places in found)


def test_orders_of_options_are_all_used():
    """The right option stands at every place, and the others in every order around it."""
    design = sample_study.design(1, questions=12, options=3, attention=0, practice=False)
    _, everybody, _ = several(design, 50)
    orders = Counter(tuple(order) for trials in everybody for _, order in trials)
    assert len(orders) == 6
    assert min(orders.values()) > 600 / 6 * 0.7


def test_who_left_is_replaced_by_the_next():
    """What nobody has answered is asked before anything is asked again."""
    design = sample_study.design(1, questions=4, people=8, attention=0, practice=False)
    items = numbered(design)
    first = [item for item, _ in assign(items, {}, design, 1)]
    second = [item for item, _ in assign(items, dict.fromkeys(first, 1), design, 2)]
    assert not set(first) & set(second)
    left = dict.fromkeys(second, 1)  # the first participant left: only the second counts
    third = [item for item, _ in assign(items, left, design, 3)]
    assert set(third) == set(first)


def test_too_few_people_is_said():
    design = sample_study.design(2, questions=8, people=8)
    items = [item for item in numbered(design) if item["person"] != 3]
    with pytest.raises(PenumbraError, match="too few people: 1 wanted, 0 left"):
        assign(items, {}, design, 0)
    checks = [item for item in numbered(design) if item["role"] != "attention"]
    with pytest.raises(PenumbraError, match="needed items are of too few people"):
        assign(checks, {}, design, 0)
    with pytest.raises(PenumbraError, match="question items"):
        assign([], {}, design, 0)
