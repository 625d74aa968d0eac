"""Groups and people: planted decisions come out as they were planted."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from core.analysis import subgroups
from core.analysis.compare import Setting, decisions
from core.analysis.subgroups import Told
from core.data.faces import Faces
from core.data.order import canonical_order
from core.errors import PenumbraError
from core.metrics import intervals
from core.storage import array_file, findings_file
from tests.checkpoint_folders import finding, write_attack

NAMES = ("Male", "Young", "Pale_Skin")
RNG = np.random.default_rng(5)


def planted(right_of, people=60, images=8, target="attribute:Male"):
    """Everybody with `images` photographs; men are odd, the young divide by 3, pale is person 0."""
    who = np.repeat(np.arange(people), images)
    labels = np.stack([who % 2, who % 3 == 0, who == 0], axis=1).astype(np.int8)
    order = RNG.permutation(len(who))
    who, labels = who[order], labels[order]
    right = right_of(who, labels)
    truth = None if target == "identity" else labels[:, 0].astype(bool)
    return Told(target, right, truth, who, labels, NAMES, np.arange(len(who)) + 1000)


def groups(said, attribute):
    return subgroups.groups(said, attribute, intervals.resample_identities(said.people))


def told(setting, target, faces):
    order = canonical_order(faces, faces.indices("test"))
    return subgroups.told(setting, target, faces, order)


def test_a_group_told_always_and_one_told_by_guessing():
    said = planted(lambda who, labels: (labels[:, 1] == 1) | (RNG.random(len(who)) < 0.5))
    table, difference = groups(said, "Young")
    young, old = table.to_dict("records")
    assert (young["value"], young["low"], young["high"]) == (1, 1, 1)
    assert old["low"] < 0.5 < old["high"]
    assert (young["group"], young["people"], young["photographs"]) == (True, 20, 160)
    assert (young["yes"], young["no"]) == (10, 10)
    assert difference["low"] > 0.3
    assert difference["value"] == pytest.approx(young["value"] - old["value"])


def test_values_are_scikit_learns_within_the_group():
    said = planted(lambda who, labels: RNG.random(len(who)) < 0.7)
    guesses = np.where(said.right, said.truth, ~said.truth)
    for row in groups(said, "Young")[0].to_dict("records"):
        inside = said.labels[:, 1].astype(bool) == row["group"]
        expected = balanced_accuracy_score(said.truth[inside], guesses[inside])
        assert row["value"] == pytest.approx(expected)
        assert row["low"] < row["value"] < row["high"]
        assert (row["measure"], row["chance"]) == ("balanced_accuracy", 0.5)


def test_by_the_attribute_itself_it_is_the_share_told_rightly():
    said = planted(lambda who, labels: labels[:, 0] == 1)  # "a man", always
    men, women = groups(said, "Male")[0].to_dict("records")
    assert (men["value"], women["value"]) == (1, 0)
    assert men["measure"] == women["measure"] == "accuracy"
    assert math.isnan(men["chance"])


def test_too_few_people_get_no_number():
    table, difference = groups(planted(lambda who, labels: who >= 0), "Pale_Skin")
    pale, rest = table.to_dict("records")
    assert (pale["measure"], pale["people"]) == ("too_few", 1)
    assert math.isnan(pale["value"])
    assert rest["value"] == 1
    assert difference == {}


def test_names_are_counted_as_they_are():
    said = planted(lambda who, labels: labels[:, 1] == 1, target="identity")
    young, old = groups(said, "Young")[0].to_dict("records")
    assert (young["value"], old["value"], young["measure"]) == (1, 0, "top1_accuracy")
    assert math.isnan(young["yes"])


def test_the_interval_holds_the_truth():
    held = 0
    for _ in range(120):
        chances = RNG.beta(4, 2, 60)  # people differ, so photographs are not independent
        said = planted(
            lambda who, labels, p=chances: RNG.random(len(who)) < p[who], target="identity"
        )
        draws = intervals.resample_identities(said.people, 200)
        row = subgroups.groups(said, "Young", draws)[0].iloc[1]
        held += row["low"] <= 4 / 6 <= row["high"]
    assert held >= 102  # 95 % of 120 is 114; five standard errors below


def test_the_one_who_is_always_told_comes_first_with_an_own_photograph():
    said = planted(lambda who, labels: (who == 7) | (np.arange(len(who)) % 4 == 0))
    table = subgroups.persons(said)
    first = table.iloc[0]
    assert (first["person"], first["right"], first["share"]) == (7, 8, 1)
    place = int(first["example"]) - 1000
    assert said.people[place] == 7
    assert said.right[place]
    assert list(table["estimate"]) == sorted(table["estimate"], reverse=True)


def test_wilson_is_scipys():
    right, count = np.array([0, 3, 8, 40]), np.array([8, 8, 8, 80])
    low, high = intervals.wilson(right, count)
    for place, (k, n) in enumerate(zip(right, count, strict=True)):
        span = binomtest(int(k), int(n)).proportion_ci(method="wilson")
        assert (low[place], high[place]) == pytest.approx((span.low, span.high), abs=1e-9)


def test_people_who_differ_by_chance_alone_are_drawn_together():
    count = np.full(400, 8)
    alike = subgroups.shrunken(RNG.binomial(count, 0.6), count)
    chances = RNG.beta(1.2, 0.8, 400)
    right = RNG.binomial(count, chances)
    differing = subgroups.shrunken(right, count)
    assert alike.std() < 0.05
    # for a beta prior the posterior mean is known
    expected = (right + 1.2) / (count + 2)
    assert np.abs(differing - expected).max() < 0.05
    assert ((differing - chances) ** 2).mean() < ((right / count - chances) ** 2).mean()


@pytest.mark.parametrize("share", [0, 8])
def test_all_or_nothing_is_not_shrunk_to_something_else(share):
    assert set(subgroups.shrunken(np.full(5, share), np.full(5, 8))) == {share / 8}


@pytest.fixture
def kept(tmp_path):
    """A folder whose strongest attacker on gender kept decisions that are right for the young."""
    people, images = 40, 4
    who = np.repeat(np.arange(people), images)
    labels = np.stack([who % 2, who % 3 == 0, who == 0], axis=1).astype(np.int8)
    faces = Faces(
        RNG.integers(0, 256, (len(who), 4, 4, 3), dtype=np.uint8),
        labels,
        NAMES,
        who,
        np.where(who < 10, 0, 3).astype(np.int8),
        tuple(map(str, who)),
        "0" * 64,
    )
    order = canonical_order(faces, faces.indices("test"))
    truth, young = labels[order, 0] == 1, labels[order, 1] == 1
    folder = tmp_path / "run"
    row = finding("attribute:Male", "private", "mlp", "balanced_accuracy", 0.7, n=len(order))
    packed = np.packbits(np.where(young, truth, ~truth)[None], axis=1)
    write_attack(
        folder, "mlp", [row], arrays={"targets": np.array(["attribute:Male"]), "decisions": packed}
    )
    names = finding("identity", "private", "discriminant", "top1_accuracy", 0.5)
    probes = np.arange(0, len(order), 2)
    write_attack(
        folder, "discriminant", [names], arrays={"probes": probes, "correct": young[probes]}
    )
    chosen = {
        "targets": np.array(["attribute:Male", "identity"]),
        "chosen": np.array(["mlp", "discriminant"]),
    }
    write_attack(folder, "worst_case", [row], arrays=chosen)
    return Setting(folder), faces


@pytest.mark.parametrize("target", ["attribute:Male", "identity"])
def test_decisions_are_read_in_the_order_of_the_photographs(kept, target):
    setting, faces = kept
    said = told(setting, target, faces)
    assert np.array_equal(said.right, faces.attributes[said.rows, 1] == 1)
    assert np.array_equal(said.people, faces.identities[said.rows])
    young, old = groups(said, "Young")[0].to_dict("records")
    assert (young["value"], old["value"]) == (1, 0)


def test_what_is_not_there_or_damaged_is_said(kept):
    setting, faces = kept
    with pytest.raises(PenumbraError, match=r"^run kept no decisions about attribute:Young"):
        told(setting, "attribute:Young", faces)
    fewer = Faces(
        faces.images[:44],
        faces.attributes[:44],
        NAMES,
        faces.identities[:44],
        faces.split[:44],
        faces.names[:44],
        "1" * 64,
    )
    for target in ("attribute:Male", "identity"):
        with pytest.raises(PenumbraError, match=r"^run was attacked on other photographs"):
            told(setting, target, fewer)
    broken = {"probes": np.arange(3), "correct": np.ones(2)}
    row = finding("identity", "private", "discriminant", "top1_accuracy", 0.5)
    write_attack(setting.folder, "discriminant", [row], arrays=broken)
    with pytest.raises(PenumbraError, match="damaged"):
        told(setting, "identity", faces)


@pytest.mark.parametrize("spoiled", ["targets", "decisions", "findings.jsonl.gz"])
def test_damaged_decisions_are_named(kept, spoiled):
    setting, _ = kept
    (attack,) = setting.folder.glob("attacks/strict/mlp")
    arrays = array_file.read(attack)
    assert decisions(arrays, attack, "attribute:Male") is not None
    if spoiled == "targets":
        del arrays["targets"]
    elif spoiled == "decisions":
        arrays["decisions"] = arrays["decisions"][:, :3]
    else:
        findings_file.write(attack, [])
    with pytest.raises(PenumbraError, match=r"mlp is damaged \(.+\)"):
        decisions(arrays, attack, "attribute:Male")
