"""Whom a study asks about and who stands beside them."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from core.errors import PenumbraError
from core.study.design import DEFAULTS
from core.study.material import people
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=160, size=8)  # 40 test people, three photographs each
TEST = FACES.indices("test")


def asking(**more):
    return DEFAULTS | {"people": 6, "options": 4, "attention": 1} | more


def by_role(trials, role="question"):
    return [trial for trial in trials if trial.role == role]


@pytest.mark.parametrize("photograph", ["other", "same"])
@pytest.mark.parametrize("seed", [0, 7, 2**62])
def test_the_right_person_stands_first_and_all_are_test_people(photograph, seed):
    for trial in people.trials(FACES, asking(photograph=photograph), seed):
        assert {trial.photograph, *trial.options} <= set(TEST.tolist())
        assert FACES.identities[trial.photograph] == trial.person
        assert FACES.identities[trial.options[0]] == trial.person
        same = photograph == "same" or trial.role != "question"
        assert (trial.options[0] == trial.photograph) == same


def test_nobody_asked_about_stands_beside_anybody_and_nobody_twice():
    trials = people.trials(FACES, asking(), 3)
    asked = [trial.person for trial in trials]
    beside = [int(FACES.identities[row]) for trial in trials for row in trial.options[1:]]
    assert len(set(asked)) == len(asked) == 6 + 3 + 1
    assert len(beside) == 10 * 3 == len(set(beside))
    assert not set(beside) & set(asked)


def test_who_has_to_stand_twice_does_not_stand_thrice():
    """12 + 4 people asked about leave 24 for 48 places."""
    trials = people.trials(FACES, asking(people=12), 3)
    beside = Counter(int(FACES.identities[row]) for trial in trials for row in trial.options[1:])
    assert set(beside.values()) == {2}
    for trial in trials:
        assert len({*FACES.identities[list(trial.options)].tolist()}) == 4


def test_roles_and_how_many_of_each():
    for attention, wanted in ((0, 3), (1, 3), (2, 6)):
        trials = people.trials(FACES, asking(attention=attention), 0)
        assert Counter(trial.role for trial in trials) == {
            "question": 6,
            "attention": wanted,
            "practice": 1,
        }


def test_the_seed_decides_all_and_a_stream_of_its_own_each_part():
    design = asking()
    assert people.trials(FACES, design, 5) == people.trials(FACES, design, 5)
    assert people.trials(FACES, design, 5) != people.trials(FACES, design, 6)
    five = people.trials(FACES, asking(options=5), 5)
    for before, after in zip(by_role(people.trials(FACES, design, 5)), by_role(five), strict=True):
        assert (before.person, before.photograph) == (after.person, after.photograph)
        assert before.options[0] == after.options[0]
    more = by_role(people.trials(FACES, asking(people=9), 5))
    assert [t.person for t in more][:6] == [t.person for t in by_role(five)]


def test_matched_people_share_what_was_asked_for():
    for matched_on in (["Male"], ["Male", "Smiling", "Young"]):
        columns = FACES.columns(matched_on)
        design = asking(distractors="matched", matched_on=matched_on, options=3)
        trials = people.trials(FACES, design, 4)
        for trial in by_role(trials):
            shown = FACES.attributes[list(trial.options)][:, columns]
            assert (shown == shown[0]).all()
    # at random, some differ: else the above would show nothing
    trials = people.trials(FACES, asking(options=3), 4)
    differing = [np.ptp(FACES.attributes[list(t.options)][:, 0]) for t in by_role(trials)]
    assert any(differing)


def test_too_few_matches_say_for_how_many_and_what_helps():
    alone = FACES.attributes.copy()
    alone[:, FACES.attribute_names.index("Young")] = FACES.identities < 80
    first = np.isin(FACES.identities, np.unique(FACES.identities[TEST])[:2])
    alone[first, FACES.attribute_names.index("Smiling")] = 1  # two test people only smile
    alone[~first, FACES.attribute_names.index("Smiling")] = 0
    faces = dataclasses.replace(FACES, attributes=alone)
    design = asking(people=30, options=3, photograph="same", attention=0)
    design |= {"distractors": "matched", "matched_on": ["Smiling", "Young"]}
    seed = next(s for s in range(50) if _asked_of(faces, design, s, first) == 2)
    with pytest.raises(
        PenumbraError,
        match=r"for 2 of the 30 people asked about, fewer than 2 others share Smiling, Young .*; "
        "without Smiling there would be enough",
    ):
        people.trials(faces, design, seed)
    assert people.trials(faces, design | {"matched_on": ["Young"]}, seed)


def _asked_of(faces, design, seed, rows):
    trials = people.trials(faces, design | {"distractors": "random"}, seed)
    return len({t.person for t in by_role(trials)} & {*faces.identities[rows].tolist()})


def test_an_unknown_attribute_is_named():
    with pytest.raises(PenumbraError, match="no attribute 'Beard'"):
        people.trials(FACES, asking(distractors="matched", matched_on=["Beard"]), 0)


def test_the_number_an_error_gives_is_the_most_that_works():
    with pytest.raises(PenumbraError, match="at most 33 can be asked about, not 34"):
        people.trials(FACES, asking(people=34), 0)
    assert len(by_role(people.trials(FACES, asking(people=33), 0))) == 33


def test_without_second_photographs_the_same_one_is_offered():
    single = tiny_faces(identities=160, images=1, size=8)
    with pytest.raises(
        PenumbraError, match=r"of whom 0 have a second photograph.*photograph: same"
    ):
        people.trials(single, asking(), 0)
    assert people.trials(single, asking(photograph="same"), 0)


def test_only_faces_that_were_redrawn_are_asked_about():
    among = TEST[[0, 3, 6, 9, 10, 12, 15]]  # two are of one person
    trials = by_role(people.trials(FACES, asking(), 8, among))
    assert {trial.photograph for trial in trials} <= set(among.tolist())
    assert len({trial.person for trial in trials}) == 6
    with pytest.raises(PenumbraError, match="have redrawn 6 test people; the study asks about 7"):
        people.trials(FACES, asking(people=7), 8, among)
