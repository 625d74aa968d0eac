"""The table of correlations: it can be set, it is checked, and draws follow it."""

import json

import numpy as np
import pytest

from core.errors import PenumbraError
from core.synthetic import identity
from core.synthetic.camera_and_light import sample_photograph
from core.synthetic.correlations import completed
from core.synthetic.people import generator, labels


def draw_rows(table, people, seed=0):
    """Attributes of one photograph of each of many people, without shaping their heads."""
    rows = []
    for number in range(people):
        random = generator(seed, number)
        person = identity.sample(random, table)
        rows.append(labels(person, sample_photograph(random, person, table)))
    return {name: np.array([row[name] for row in rows], bool) for name in rows[0]}


def assert_share(hits, probability):
    """The share of `hits` lies within four standard errors of `probability`."""
    error = np.sqrt(probability * (1 - probability) / len(hits))
    assert len(hits) > 50
    assert abs(hits.mean() - probability) <= 4 * error + 1e-12


def test_draws_follow_the_default_table():
    table = completed()
    rows = draw_rows(table, 1600)
    male, young = rows["Male"], rows["Young"]
    assert_share(male, table["male"])
    for sex, of_sex in (("male", male), ("female", ~male)):
        assert_share(young[of_sex], table["young"][sex])
        assert_share(rows["Smiling"][of_sex], table["smiling"][sex])
        assert_share(rows["Big_Lips"][of_sex], table["big_lips"][sex])
        assert_share(rows["Big_Nose"][of_sex], table["big_nose"][sex])
        assert_share(rows["High_Cheekbones"][of_sex], table["high_cheekbones"][sex])
        for age, of_age in (("young", young), ("old", ~young)):
            group = of_sex & of_age
            assert_share(rows["Eyeglasses"][group], table["eyeglasses"][f"{age}_{sex}"])
            assert_share(rows["Bald"][group], table["hair_style"][f"{age}_{sex}"].get("bald", 0))
    assert_share(rows["Heavy_Makeup"][~male & young], table["heavy_makeup"]["young_female"])
    assert not rows["Heavy_Makeup"][male].any()
    assert not (~rows["No_Beard"])[~male].any()


def test_correlations_can_be_set_to_none():
    table = completed(
        {
            "male": 0.5,
            "young": {"male": 0.5, "female": 0.5},
            "heavy_makeup": {"male": 0.5, "young_female": 0.5, "old_female": 0.5},
        }
    )
    rows = draw_rows(table, 800, seed=3)
    assert_share(rows["Heavy_Makeup"][rows["Male"]], 0.5)
    assert_share(rows["Heavy_Makeup"][~rows["Male"]], 0.5)
    assert_share(rows["Young"], 0.5)


def test_part_of_a_table_keeps_the_other_entries():
    table = completed({"smiling": {"male": 0.0}})
    assert table["smiling"] == {"male": 0.0, "female": completed()["smiling"]["female"]}
    assert completed(json.loads(json.dumps(table))) == table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"male": 1.2}, "male must be a probability"),
        ({"male": True}, "male must be a probability"),
        ({"male": float("nan")}, "male must be a probability"),
        ({"beauty": 0.5}, "unknown entry 'beauty'"),
        ({"young": 0.5}, "young must be a table"),
        ({"young": {"child": 0.5}}, "young knows no 'child'"),
        ({"facial_hair": {"none": 0.5, "full": 0.4}}, "facial_hair must sum to 1"),
        ({"hair_style": {"young_male": {"mohawk": 1.0}}}, "knows no 'mohawk'"),
        ({"ancestry_concentration": 0}, "ancestry_concentration"),
        ([], "give an object"),
    ],
)
def test_bad_tables_are_refused_in_one_line(change, message):
    with pytest.raises(PenumbraError, match=message) as error:
        completed(change)
    assert "\n" not in str(error.value)
