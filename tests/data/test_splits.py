"""No person is ever in two splits, whatever the data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import SPLITS, splits
from core.errors import PenumbraError

NAMES = st.text(min_size=1, max_size=8)
PHOTOGRAPHS = st.lists(NAMES, min_size=4, max_size=120).filter(lambda names: len(set(names)) >= 4)


def sides(identities, split):
    """The set of splits of each person."""
    found = {}
    for person, number in zip(identities, split, strict=True):
        found.setdefault(person, set()).add(int(number))
    return found


@given(PHOTOGRAPHS, st.integers(0, 2**31 - 1))
def test_seeded_splits_share_nobody_and_none_is_empty(identities, seed):
    split, _ = splits.seeded(identities, seed)
    assert all(len(side) == 1 for side in sides(identities, split).values())
    assert set(split.tolist()) == set(range(len(SPLITS)))


@given(PHOTOGRAPHS, st.data(), st.integers(0, 9))
def test_official_splits_share_nobody(identities, drawn, seed):
    partition = drawn.draw(
        st.lists(st.integers(0, 2), min_size=len(identities), max_size=len(identities))
    )
    split, notes = splits.official(identities, partition, seed)
    assert all(len(side) == 1 for side in sides(identities, split).values())
    assert notes


@given(PHOTOGRAPHS, st.data())
def test_own_splits_share_nobody_or_are_refused(identities, drawn):
    count = len(identities)
    named = drawn.draw(st.lists(st.sampled_from(SPLITS), min_size=count, max_size=count))
    wanted = sides(identities, [SPLITS.index(name) for name in named])
    if all(len(side) == 1 for side in wanted.values()):
        split = splits.own(identities, named, "labels.csv", range(2, count + 2))
        assert sides(identities, split) == wanted
    else:
        with pytest.raises(PenumbraError, match=r"labels\.csv, row \d+: .* is in split"):
            splits.own(identities, named, "labels.csv", range(2, count + 2))


@pytest.mark.parametrize("people", [*range(4, 60), 1000])
def test_rank_counts_fill_every_split(people):
    sizes = np.diff([0, *splits._counts(people), people])
    assert (sizes >= 1).all()
    assert sizes.sum() == people


def test_shares_are_those_stated():
    identities = [f"person {number}" for number in range(20_000)]
    split, notes = splits.seeded(identities, 3)
    # Four standard deviations of a share of 20,000 coin flips are at most .015.
    assert np.allclose(np.bincount(split) / len(split), splits.FRACTIONS, atol=0.015)
    assert notes == []


def test_a_person_is_placed_by_name_and_seed_alone():
    people = [str(number) for number in range(500)]
    whole, _ = splits.seeded(people, 0)
    part, _ = splits.seeded(people[100:400][::-1], 0)
    assert (part[::-1] == whole[100:400]).all()
    other, _ = splits.seeded(people, 1)
    assert 0.5 < np.mean(other != whole) < 0.8  # 1 - sum of the squared shares is .675
    # Fixed for ever: another rule would silently re-split every data set and mix old test people
    # into new training.
    assert splits.place("2937", 0) == pytest.approx(0.6552812736470772, abs=1e-12)


def test_official_partition_of_celeba_is_used_where_complete():
    people = [str(number) for number in range(300)]
    partition = [0] * 200 + [1] * 50 + [2] * 50
    split, notes = splits.official(people, partition, 0)
    names = np.array(SPLITS)[split]
    assert set(names[:200]) == {"defender", "attacker"}
    assert abs(np.mean(names[:200] == "defender") - 0.5) < 0.12
    assert set(names[200:250]) == {"validation", "attacker"}
    assert set(names[250:]) == {"test"}
    assert notes == ["the official partition is used"]


@pytest.mark.parametrize(
    ("partition", "why"),
    [([0] * 50 + [1] * 50, "lacks partition 2"), ([0, 1, 2, 2] * 25, "puts a person into two")],
)
def test_official_partition_that_does_not_serve_falls_back(partition, why):
    people = [str(number // 2) for number in range(100)]
    split, notes = splits.official(people, partition, 0)
    assert why in notes[0]
    assert (split == splits.seeded(people, 0)[0]).all()
