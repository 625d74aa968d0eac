"""A second data set for attackers that reconstruct pictures: kept apart, given to them alone."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from core import data, results, train
from core import evaluate as evaluating
from core.__main__ import main
from core.attacks import ATTACKS, Result, releases
from core.attacks.interface import OwnAttacker
from core.attacks.reconstruction import training
from core.data import joined
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from core.storage import array_file, attack_folders, findings_file
from core.storage.attack_folders import Task, is_done
from core.storage.pictures import kept_pictures
from tests.attacks.planted import view as planted
from tests.listings import only
from tests.tiny_folder import register_tiny_folder

ALL = tuple(ATTACKS.values())
KEPT = ("logistic", "resrec")
VALUE = 8.0


def settle(place, patch):
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(place / "home"))
    only(patch, ATTACKS, KEPT)
    patch.setattr("core.attacks.reconstruction.training.MOST_EPOCHS", 1)
    patch.setattr("core.attacks.fitting.FEWEST_STEPS", 3)
    patch.setattr("core.nets.decoders.resrec", small_decoder)


def small_decoder(shape, height, width):
    return torch.nn.Sequential(
        torch.nn.Conv2d(shape[0], 3, 3, padding=1),
        torch.nn.Upsample((height, width)),
        torch.nn.Sigmoid(),
    )


def a_run():
    return checked(Run("pixelate", "tiny"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Pixelated faces, attacked without a second data set; never written to by a test."""
    place = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        register_tiny_folder(place / "photographs")
        register_tiny_folder(place / "others", "more", 12, "stranger", seed=1)
        faces = data.load("tiny", 64, 64, progress=False)
        folder = train.train(a_run(), faces, device="cpu", progress=False)
        evaluate(folder, release_values=[VALUE], device="cpu", progress=False)
    return place


@pytest.fixture
def copy(measured, tmp_path, monkeypatch):
    """A copy of the run's checkpoints, to do things to; returns the run's folder."""
    shutil.copytree(measured / "checkpoints", tmp_path / "checkpoints")
    shutil.copytree(measured / "home", tmp_path / "home")
    settle(tmp_path, monkeypatch)
    return a_run().folder


def attack(folder, extra="more", attacks=("resrec",), **more):
    evaluate(folder, list(attacks), [VALUE], device="cpu", progress=False, extra=extra, **more)


def content(folder):
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("attacks/*/*/*")
    }


@pytest.fixture
def given(monkeypatch):
    """What resrec is given, and in its place an attack that is done at once and very sure."""
    seen = []

    def recorder(view, generator):
        seen.append(view)
        row = {"target": "image", "role": "private", "attacker": "resrec", "metric": "ms_ssim"}
        sure = {"targets": np.array(["image"]), "validation": np.array([2.0])}
        return Result([row | {"value": 0.99}], sure, {"layer": torch.zeros(1)})

    monkeypatch.setitem(ATTACKS, "resrec", dataclasses.replace(ATTACKS["resrec"], run=recorder))
    return seen


def test_what_was_found_with_extra_photographs_stands_beside_what_was_found_without(
    copy, monkeypatch
):
    before = content(copy)
    attack(copy)
    after = content(copy)
    place = copy / "attacks" / "strict" / "resrec+more@8"
    new = {path.parent.name for path in set(after) - set(before)}
    assert new == {place.name}
    assert {path: after[path] for path in before} == before, "the worst case among them"
    table = results.findings(copy.parents[1])
    rows = {
        name: table[(table.attacker == name) & (table.release_value == VALUE)].set_index("metric")
        for name in ("resrec", "resrec+more")
    }
    assert list(rows["resrec"].index) == list(rows["resrec+more"].index)
    assert set(rows["resrec"].index) >= {"ms_ssim", "ssim", "psnr"}
    assert (rows["resrec"].chance == rows["resrec+more"].chance).all()
    assert (rows["resrec"].conclusive == rows["resrec+more"].conclusive).all()
    assert (rows["resrec"].value != rows["resrec+more"].value).any()
    arrays = kept_pictures(copy, "resrec+more", VALUE)
    assert len(arrays["reconstructions"]) == len(arrays["positions"]) > 0
    assert (int(arrays["extra_photographs"]), int(arrays["extra_left_out"])) == (36, 0)
    assert results.problems(copy.parents[1]) == []

    def forbidden(view, generator):
        raise AssertionError("an attack that is done was run again")

    monkeypatch.setitem(ATTACKS, "resrec", dataclasses.replace(ATTACKS["resrec"], run=forbidden))
    attack(copy)
    assert content(copy) == after


def test_the_attacker_gets_every_photograph_of_the_second_set_and_its_release(copy, given):
    attack(copy)
    (view,) = given
    more = data.load("more", 64, 64, progress=False)
    pictures = view.extra["x"].permute(0, 2, 3, 1).numpy()
    assert sorted(p.tobytes() for p in pictures) == sorted(p.tobytes() for p in more.images)
    again = view.release(view.extra["x"].float() / 255, torch.Generator())
    assert torch.allclose(again, view.extra["z"])
    assert len(view.x["attacker"]) == len(data.load("tiny", 64, 64).indices("attacker"))


@pytest.mark.parametrize("able", [True, False])
def test_it_concludes_where_the_attacker_without_it_does(copy, given, monkeypatch, able):
    monkeypatch.setattr(evaluating, "controls", lambda *_, **__: {("resrec", "image"): able})
    attack(copy)
    place = copy / "attacks" / "strict" / "resrec+more@8"
    (row,) = findings_file.read(place)
    assert row["conclusive"] is able
    assert not (place / "weights.safetensors").exists()


def test_an_attacker_given_more_never_competes_for_the_worst_case(copy, given):
    worst = copy / "attacks" / "strict" / "worst_case@8"
    before = (worst / "findings.jsonl.gz").read_bytes()
    attack(copy)
    assert results.findings(copy.parents[1]).value.max() >= 0.99
    assert (worst / "findings.jsonl.gz").read_bytes() == before
    shutil.rmtree(worst)
    attack(copy)
    assert (worst / "findings.jsonl.gz").read_bytes() == before
    assert results.strongest(copy, VALUE).get("image") == "resrec"


def test_the_default_attacks_are_those_that_can_use_it(copy, given, monkeypatch):
    evaluate(copy, release_values=[VALUE], device="cpu", progress=False, extra="more")
    assert len(given) == 1
    assert is_done(copy, Task("strict", "resrec+more", VALUE))


def test_decoders_are_what_trains_on_a_second_source(monkeypatch):
    class Asked(Exception):
        pass

    def asked(view):
        raise Asked

    monkeypatch.setattr(training, "training_pairs", asked)
    able = [attack for attack in ALL if attack.accepts_second_source]
    assert len(able) > 3
    own = {"reconstructor": OwnAttacker(torch.nn.Identity, 1e-3)}
    given = dataclasses.replace(planted("map"), own=own)
    for attack in able:
        with pytest.raises(Asked):
            attack.run(given, torch.Generator())


def test_whom_both_sets_name_alike_is_left_out(copy, given, tmp_path):
    # person0 to person23 are the run's own
    labels = tmp_path / "mixed" / "labels.csv"
    register_tiny_folder(tmp_path / "mixed", "mixed", 12, "stranger", seed=2)
    data.remove("mixed")
    text = labels.read_text()
    for number in (1, 5):
        text = text.replace(f"stranger{number},", f"person{number},")
    labels.write_text(text)
    data.add("mixed", "folder", labels.parent)
    attack(copy, "mixed")
    mixed = data.load("mixed", 64, 64, progress=False)
    known = [mixed.identity_names.index(name) for name in ("person1", "person5")]
    wanted = {p.tobytes() for p in mixed.images[~np.isin(mixed.identities, known)]}
    found = given[0].extra["x"].permute(0, 2, 3, 1).numpy()
    assert len(found) == 30
    assert {p.tobytes() for p in found} == wanted
    arrays = array_file.read(copy / "attacks" / "strict" / "resrec+mixed@8")
    assert (int(arrays["extra_photographs"]), int(arrays["extra_left_out"])) == (30, 2)


def test_what_cannot_be_a_second_data_set_is_named(copy, given, tmp_path):
    register_tiny_folder(tmp_path / "same people", "twins", 12, seed=3)
    data.add("again", "folder", data.catalogue()["tiny"]["path"])
    for extra, said in (
        ("tiny", "tiny is the run's own data set"),
        ("again", "everybody in again has the name of somebody in tiny"),
        ("twins", "everybody in twins has the name of somebody in tiny"),
        ("mor", "unknown data set 'mor'; did you mean 'more'"),
    ):
        with pytest.raises(PenumbraError, match=said):
            attack(copy, extra)
    with pytest.raises(PenumbraError, match=r"logistic has no use .* these attacks have: resrec"):
        attack(copy, attacks=["resrec", "logistic"])
    with pytest.raises(PenumbraError, match="unknown attack 'guess'"):
        attack(copy, attacks=["guess"])
    assert not given


def test_another_version_of_the_second_set_is_not_taken_for_the_first(copy, given):
    attack(copy)
    register = data.catalogue()["more"]["path"]
    data.remove("more")
    data.add("more", "folder", register, {"crop": 0.5})
    with pytest.raises(PenumbraError, match=r"resrec\+more@8 was measured with another version"):
        attack(copy)
    shutil.rmtree(copy / "attacks" / "strict" / "resrec+more@8")
    attack(copy)
    assert len(given) == 2


def test_under_the_paper_s_protocol_too(copy, given):
    attack(copy, protocol="paper")
    assert is_done(copy, Task("paper", "resrec+more", VALUE))
    assert len(given[0].extra["x"]) == 36
    assert not is_done(copy, Task("strict", "resrec+more", VALUE))


def test_of_a_second_set_that_does_not_fit_nothing_is_left_out(measured, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(measured / "home"))
    more = data.load("more", 64, 64, progress=False)
    first = planted("pictures", size=64)
    first = releases.replace(first, release=lambda x, generator: x)
    rows = np.arange(4, 36)

    def given(more=more, rows=rows):
        extra = releases.with_extra(first, more, rows, seed=0).extra
        z, x = training.training_pairs(releases.replace(first, extra=extra))
        assert len(z) == len(x) == len(first.x["attacker"]) + 32
        return [picture.numpy().tobytes() for picture in extra["x"].cpu()], z, x

    everything, *_ = given()
    monkeypatch.setattr(releases, "SHARE_FOR_EXTRA", 0.0)
    held, z, x = given()
    assert held == everything
    assert torch.equal(x[199], first.x["attacker"][199])
    assert torch.equal(z[200], (x[200] / 255).half().float())
    order = np.random.default_rng(0).permutation(len(more))
    shuffled = releases.replace(more, images=more.images[order], attributes=more.attributes[order])
    assert given(shuffled, np.flatnonzero(order >= 4))[0] == everything


def test_from_a_terminal(copy, given, capsys):
    common = ["evaluate", copy.name, "--release", "8", "--device", "cpu", "--extra", "more"]
    assert main([*common, "--attacks", "resrec"]) == 0
    assert len(given) == 1
    capsys.readouterr()
    assert main([*common, "--attacks", "logistic"]) == 2
    assert "logistic has no use for the photographs of a second data set" in capsys.readouterr().err


def test_names_say_who_was_given_what():
    assert attack_folders.parted("resrec") == ("resrec", None)
    assert attack_folders.parted(attack_folders.with_extra("resrec", "my-faces_2")) == (
        "resrec",
        "my-faces_2",
    )
    for stranger in ("a+b+c", "resrec+", "+more", "resrec+../x", "../resrec+more", "resrec+More"):
        assert attack_folders.parted(stranger) == (stranger, None)


def test_synthetic_people_are_known_by_seed_and_number(tmp_path):
    entries = []
    for number, text in enumerate(('{"seed": 0}', '{"seed": 0}', '{"seed": 7}', "{")):
        place = tmp_path / str(number)
        place.mkdir()
        (place / "set.json").write_text(text)
        entries.append({"source": "synthetic", "path": str(place)})
    one, same, other, unknown = entries
    assert joined.names_alike(one, same)
    assert not joined.names_alike(one, other)
    assert joined.names_alike(one, unknown)
    assert not joined.names_alike(one, one | {"source": "celeba"})
