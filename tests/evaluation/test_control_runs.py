"""Which controls an evaluation needs."""

import threading

import pytest
import torch
from filelock import FileLock

from core.attacks import ATTACKS, Attack, Result
from core.attacks.controls import RELEASES
from core.evaluation import plan
from core.evaluation.control_runs import controls, needed
from core.storage import dataset_folders
from core.storage.attack_folders import save
from tests.tiny_faces import tiny_faces

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


def test_several_processes_divide_the_controls_and_wait_for_each_other(monkeypatch, tmp_path):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    faces, ran, others = tiny_faces(), [], threading.Event()

    def watched(name):
        def run(view, generator):
            ran.append(name)
            if ran.count("second") == len(RELEASES):
                others.set()
            return Result()

        return Attack(name=name, title=name, target="image", run=run)

    for name in ("first", "second"):
        monkeypatch.setitem(ATTACKS, name, watched(name))
    locks = dataset_folders.controls(faces) / ".locks"
    locks.mkdir(parents=True)
    held = [FileLock(locks / f"{kind}-first.lock", thread_local=False) for kind in RELEASES]
    for lock in held:
        lock.acquire()
    asked = (faces, torch.device("cpu"), ("first", "second"), False)
    working = threading.Thread(target=controls, args=asked)
    working.start()
    assert others.wait(60), "it does what nobody else is at"
    assert "first" not in ran
    save(dataset_folders.control(faces, "first", "identity"), [], {}, {})  # by the other process
    for lock in held:
        lock.release()
    working.join(60)
    assert ran.count("first") == 1, "what the other one did not finish, once"
    controls(*asked)
    assert len(ran) == 3


def test_what_is_done_on_request_alone_is_no_part_of_all():
    asked = {name for name in ATTACKS if ATTACKS[name].on_request}
    assert asked
    assert not asked & set(plan.attack_names(None, None))
    assert plan.attack_names([*asked], None) == [*asked]
    others = [ATTACKS[name] for name in plan.attack_names(None, None)]
    assert not asked & set(needed(others, ("Smiling",)))
    one = next(iter(asked))
    assert set(needed([ATTACKS[one]], ("Smiling",))) & asked == {one}
