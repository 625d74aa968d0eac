"""Which controls an evaluation needs."""

import pytest

from core.attacks import ATTACKS
from core.evaluation.control_runs import needed

DECODERS = {"mirrored_decoder", "urec1", "urec2", "resrec", "adversarial_decoder"}


@pytest.mark.parametrize("name", ["urec1", "retrained_reconstructor"])
def test_a_decoder_is_compared_with_the_other_decoders_alone(name):
    found = set(needed([ATTACKS[name]], ("Smiling",)))
    assert found >= DECODERS
    assert {ATTACKS[one].target for one in found} == {"image"}


def test_what_consists_of_others_needs_the_controls_of_their_targets():
    found = needed([ATTACKS["averaging"]], ("Smiling",))
    assert {ATTACKS[name].target for name in found} == {"attribute", "identity"}
    assert not any(ATTACKS[name].made_of for name in found)


def test_what_measures_one_task_is_left_to_runs_that_have_it():
    special = next(attack for attack in ATTACKS.values() if attack.only_for)
    assert special.name in needed([special], (special.only_for,))
    assert needed([special], ("Smiling",)) == []


def test_everything_needs_everything():
    plain = [a.name for a in ATTACKS.values() if not a.made_of and not a.only_for]
    assert needed(ATTACKS.values(), ("Smiling",)) == plain
