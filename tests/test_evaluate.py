"""Strict evaluation from a trained folder to findings: whole, resumable, never repeated."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch
from filelock import FileLock

from core import results, train
from core.attacks import ATTACKS, Attack, Result, controls, releases
from core.data.faces import SPLITS
from core.data.order import canonical_order, pictured
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from core.storage import array_file, attack_folders, findings_file
from core.storage.pictures import kept_pictures, unpacked
from tests.listings import only
from tests.tiny_faces import SMALL, small_presets, tiny_faces

REAL = ("logistic", "neighbours", "kernel_redrawer", "nearest_neighbour")
QUICK = ["logistic", "nearest_neighbour"]
PICTURES = "kernel_redrawer"
SCHEDULE = {"task_epochs": 2, "adversary_epochs": 1, "adversarial_epochs": 2, "batch_size": 8}
FACES = tiny_faces(identities=32, images=3, size=SMALL)


def settle(place, patch, faces=FACES):
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(place / "home"))
    patch.setattr("core.data.load", lambda *arguments, **options: faces)
    small_presets(patch)
    # Each attack is tested by itself; here are cheap ones and stand-ins of every kind.
    only(patch, ATTACKS, REAL)
    for attack in STAND_INS:
        patch.setitem(ATTACKS, attack.name, attack)


def as_logistic(name, better=0.0):
    """An attack that finds out what `logistic` does and claims to be better on validation."""

    def run(view, generator):
        result = ATTACKS["logistic"].run(view, generator)
        rows = [row | {"attacker": name} for row in result.findings]
        certain = result.arrays["validation"] + better
        return dataclasses.replace(
            result, findings=rows, arrays=result.arrays | {"validation": certain}
        )

    return run


def nothing(view, generator):
    return Result()


STAND_INS = (
    Attack(
        name="team",
        title="both together",
        target="attribute",
        run=as_logistic("team", -1.0),
        made_of=("logistic", "neighbours"),
    ),
    Attack(
        name="pairs",
        title="one for another task",
        target="verification",
        run=nothing,
        only_for="verification",
    ),
)
ALL = (*REAL, *(attack.name for attack in STAND_INS))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A tiny DeepObfuscator, trained and attacked; never written to by a test."""
    place = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        folder = train.train(a_run(), FACES, device="cpu", progress=False)
        evaluate(folder, device="cpu", progress=False)
    return place


@pytest.fixture
def copy(measured, tmp_path, monkeypatch):
    """A copy of the measured run's checkpoints, to do things to; returns the run's folder."""
    shutil.copytree(measured, tmp_path, dirs_exist_ok=True)
    settle(tmp_path, monkeypatch)
    return a_run().folder


def a_run(method="deep_obfuscator"):
    schedule = SCHEDULE if method == "deep_obfuscator" else {}
    return checked(Run(method, "tiny", schedule=schedule))


def done(folder):
    return {f"{path.parent.name}/{path.name}" for path in attack_folders.all_finished(folder)}


def shown(folder):
    arrays = array_file.read(folder / "attacks" / "strict" / PICTURES)
    return arrays | {name: unpacked(name, arrays) for name in ("originals", "reconstructions")}


def stamps(folder):
    return {
        path: (path / "done").stat().st_mtime_ns for path in attack_folders.all_finished(folder)
    }


def test_every_attack_and_the_method_s_own_numbers_are_there(measured):
    folder = next((measured / "checkpoints" / "tiny").glob("deep_obfuscator-*"))
    combined = ("own_head", "ensemble", "worst_case")
    assert done(folder) == {f"strict/{name}" for name in (*ALL, *combined)} | {
        f"paper/{name}" for name in ("own_head", "training_adversary", "training_reconstructor")
    }
    table = results.findings(measured / "checkpoints")
    assert results.problems(measured / "checkpoints") == []
    strict = table[table.protocol == "strict"]
    found = {key for key, _ in strict.groupby(["target", "role", "attacker"])}
    attackers = ("logistic", "neighbours", "team")
    for attacker in (*attackers, "ensemble", "worst_case"):
        assert ("attribute:Male", "private", attacker) in found
    assert ("attribute:Young", "unlisted", "ensemble") not in found
    for attacker in (*attackers, "worst_case"):
        assert ("attribute:Young", "unlisted", attacker) in found
    for attacker in (*attackers, "own_head", "best_head"):
        assert ("attribute:Smiling", "utility", attacker) in found
    assert ("attribute:Smiling", "utility", "worst_case") not in found
    assert ("image", "private", PICTURES) in found
    assert ("identity", "private", "nearest_neighbour") in found
    assert not table.duplicated(["target", "attacker", "protocol", "metric", "release_value"]).any()
    assert (table.n == len(FACES.indices("test"))).sum() > 50
    interval = table.dropna(subset=["low"])
    assert (interval.low <= interval.value + 1e-4).all()
    assert (interval.value <= interval.high + 1e-4).all()


def test_a_second_evaluation_repeats_nothing(copy, monkeypatch):
    before = stamps(copy)
    for name in ATTACKS:
        monkeypatch.setitem(ATTACKS, name, dataclasses.replace(ATTACKS[name], run=forbidden))
    evaluate(copy, device="cpu", progress=False)
    assert stamps(copy) == before


def forbidden(view, generator):
    raise AssertionError("an attack that is done was run again")


def test_adding_an_attack_leaves_the_others(copy, monkeypatch):
    before = stamps(copy)
    oracle = as_logistic("oracle", better=1.0)
    attack = Attack(name="oracle", title="one who knows", target="attribute", run=oracle)
    monkeypatch.setitem(ATTACKS, "oracle", attack)
    evaluate(copy, attacks=["oracle"], device="cpu", progress=False)
    after = stamps(copy)
    changed = {path.name for path in after if before.get(path) != after[path]}
    assert changed == {"oracle", "ensemble", "worst_case"}
    chosen = array_file.read(copy / "attacks" / "strict" / "worst_case")
    winners = dict(zip(chosen["targets"].tolist(), chosen["chosen"].tolist(), strict=True))
    assert {w for t, w in winners.items() if t.startswith("attribute:")} == {"oracle"}
    assert winners["identity"] != "oracle"


def test_under_the_paper_s_protocol_everybody_is_on_all_sides(copy):
    before = stamps(copy)
    view = releases.view_of(controls.identity_release, FACES, None, torch.device("cpu"), seed=0)
    mixed = releases.by_image(view, seed=1)
    for part in ("attacker", "validation", "test"):
        assert len(mixed.z[part]) == len(view.z[part]) == len(mixed.identities[part])
    assert not set(view.identities["test"]) & set(view.identities["attacker"])
    assert set(mixed.identities["test"]) & set(mixed.identities["attacker"])
    together = [
        np.sort(np.concatenate([e.identities[p] for p in ("attacker", "validation", "test")]))
        for e in (view, mixed)
    ]
    assert (together[0] == together[1]).all()
    evaluate(copy, ["logistic"], device="cpu", progress=False, protocol="paper")
    assert {"paper/logistic", "paper/worst_case"} <= done(copy)
    assert {path: stamp for path, stamp in stamps(copy).items() if path in before} == before
    table = results.findings(copy.parent.parent)
    rows = table[(table.protocol == "paper") & (table.target == "attribute:Male")]
    assert {"logistic", "worst_case", "training_adversary"} == set(rows.attacker)
    with pytest.raises(PenumbraError, match="choose strict or paper"):
        evaluate(copy, ["logistic"], device="cpu", progress=False, protocol="lax")


def test_under_the_paper_s_protocol_classifiers_decide_for_themselves(copy, monkeypatch):
    plain = []

    def run(view, generator):
        plain.append(view.plain)
        return Result()

    watching = Attack(name="oracle", title="one who watches", target="attribute", run=run)
    monkeypatch.setitem(ATTACKS, "oracle", watching)
    for protocol, expected in (("strict", False), ("paper", True)):
        evaluate(copy, ["oracle"], device="cpu", progress=False, protocol=protocol)
        assert plain[-1] is expected


def test_what_another_process_is_at_is_left_to_it(copy):
    for name in ("logistic", "neighbours"):
        shutil.rmtree(copy / "attacks" / "strict" / name)
    other = FileLock(a_run().lock("strict-logistic"))
    with other:
        evaluate(copy, [*QUICK, "neighbours"], device="cpu", progress=False)
    assert "strict/logistic" not in done(copy)
    assert "strict/neighbours" in done(copy)
    evaluate(copy, QUICK, device="cpu", progress=False)
    assert "strict/logistic" in done(copy)
    chosen = array_file.read(copy / "attacks" / "strict" / "ensemble")
    assert "logistic" in chosen["members"].tolist()


def test_the_time_left_is_told_from_what_attacks_took_before(copy):
    shutil.rmtree(copy / "attacks" / "strict" / "logistic")
    other = copy.with_name("deep_obfuscator-0000000000") / "attacks" / "strict" / "logistic@2"
    other.mkdir(parents=True)
    (other / "done").write_text("30.00\n")
    states = []
    evaluate(copy, ["logistic"], device="cpu", progress=False, report=states.append)
    assert [(s["attack"], s["attacks"], s["seconds_left"]) for s in states] == [
        ("logistic", 1, 30.0)
    ]


def test_a_half_written_attack_is_done_again(copy):
    broken = copy / "attacks" / "strict" / "logistic"
    whole = (broken / "findings.jsonl.gz").read_bytes()
    (broken / "done").unlink()
    (broken / "findings.jsonl.gz").write_bytes(whole[:50])
    stale = broken.with_name(".logistic.part")
    stale.mkdir()
    (stale / "findings.jsonl.gz").write_text("half")
    others = {path: stamp for path, stamp in stamps(copy).items() if path != broken}
    evaluate(copy, device="cpu", progress=False)
    assert (broken / "findings.jsonl.gz").read_bytes() == whole  # the same seed, the same findings
    assert not stale.exists()
    assert {path: stamp for path, stamp in stamps(copy).items() if path != broken} == others


def test_a_killed_attack_leaves_no_finished_folder(copy, monkeypatch):
    shutil.rmtree(copy / "attacks" / "strict" / "neighbours")

    def killed(view, generator):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        killer = dataclasses.replace(ATTACKS["neighbours"], run=killed)
        patch.setitem(ATTACKS, "neighbours", killer)
        with pytest.raises(KeyboardInterrupt):
            evaluate(copy, device="cpu", progress=False)
    assert "strict/neighbours" not in done(copy)
    evaluate(copy, attacks=["neighbours"], device="cpu", progress=False)
    assert "strict/neighbours" in done(copy)


def test_row_order_does_not_matter(measured, tmp_path, monkeypatch):
    order = np.random.default_rng(0).permutation(len(FACES))
    shuffled = dataclasses.replace(
        FACES,
        images=FACES.images[order],
        attributes=FACES.attributes[order],
        identities=FACES.identities[order],
        split=FACES.split[order],
        names=tuple(FACES.names[i] for i in order),
    )
    shutil.copytree(measured, tmp_path, dirs_exist_ok=True)
    settle(tmp_path, monkeypatch, shuffled)
    folder = a_run().folder
    expected = {
        n: (folder / "attacks/strict" / n / "findings.jsonl.gz").read_bytes() for n in QUICK
    }
    pictures = shown(folder)
    for name in (*QUICK, PICTURES):
        shutil.rmtree(folder / "attacks" / "strict" / name)
    evaluate(folder, attacks=[*QUICK, PICTURES], device="cpu", progress=False)
    for name, text in expected.items():
        assert (folder / "attacks/strict" / name / "findings.jsonl.gz").read_bytes() == text
    again = shown(folder)
    assert (again["originals"] == pictures["originals"]).all()
    rows = shuffled.indices("test")[again["positions"]]
    assert abs(shuffled.images[rows].astype(int) - again["originals"]).mean() < 8


def test_pictures_show_different_people_of_both_genders(measured):
    folder = next((measured / "checkpoints" / "tiny").glob("deep_obfuscator-*"))
    kept = shown(folder)
    rows = FACES.indices("test")[kept["positions"]]
    assert abs(FACES.images[rows].astype(int) - kept["originals"]).mean() < 8
    order = canonical_order(FACES, FACES.indices("test"))
    eight = order[pictured(FACES, order, count=8)]
    assert len(np.unique(FACES.identities[eight])) == 8
    assert FACES.attributes[eight, 0].sum() == 4


def test_a_release_time_knob_is_measured_at_every_value(copy, tmp_path):
    folder = train.train(a_run("pixelate"), FACES, device="cpu", progress=False)
    evaluate(folder, QUICK, release_values=[32, 2.5], device="cpu", progress=False)
    assert {"strict/logistic@32", "strict/logistic@2.5", "strict/worst_case@2.5"} <= done(folder)
    table = results.findings(tmp_path / "checkpoints")
    table = table[table.run_id == folder.name]
    assert set(table.release_value) == {32, 2.5}
    named = (table.attacker == "nearest_neighbour") & (table.metric == "top1_accuracy")
    identity = table[named].set_index("release_value").value
    assert identity[32] >= identity[2.5]


def test_controls_pass_where_everything_is_open(measured):
    found = {}
    for kind in controls.RELEASES:
        for path in (measured / "checkpoints/tiny/_controls").glob(f"*/attacks/strict/*@{kind}"):
            assert (path / "done").is_file()
            for row in findings_file.read(path):
                found[row["attacker"], row["target"], row["metric"], kind] = row
    key = ("logistic", "attribute:Male", "balanced_accuracy")
    assert found[*key, "identity"]["value"] > 0.9
    assert found[*key, "constant"]["value"] == 0.5
    assert found[PICTURES, "image", "ms_ssim", "identity"]["low"] > 0.7
    assert not {attack.name for attack in STAND_INS} & {attacker for attacker, *_ in found}
    table = results.findings(measured / "checkpoints")
    male = table[(table.target == "attribute:Male") & (table.protocol == "strict")]
    assert male[male.attacker != "neighbours"].conclusive.all()
    # Young shows nowhere: nobody can find it, and that proves nothing.
    young = table[(table.target == "attribute:Young") & (table.attacker != "own_head")]
    assert not young.conclusive.all()


def test_a_decoder_scored_before_its_pictures_were_kept_is_scored_again_to_the_same_numbers(copy):
    place = copy / "attacks" / "paper" / "training_reconstructor"
    findings, arrays = findings_file.read(place), array_file.read(place)
    strict = array_file.read(copy / "attacks" / "strict" / PICTURES)
    assert 0 < len(arrays["positions"]) <= len(strict["positions"])
    assert arrays["positions"].tolist() == strict["positions"][: len(arrays["positions"])].tolist()
    (place / array_file.NAME).unlink()  # as an earlier version left it
    with pytest.raises(PenumbraError, match="python -m core evaluate"):
        kept_pictures(copy, "training_reconstructor", protocol="paper")
    before = stamps(copy)
    evaluate(copy, QUICK, device="cpu", progress=False)
    after = stamps(copy)
    assert {path.name for path in after if after[path] != before[path]} == {place.name}
    assert findings_file.read(place) == findings
    assert all(np.array_equal(arrays[n], a) for n, a in array_file.read(place).items())


def test_of_releases_that_do_not_fit_into_memory_nothing_is_left_out(copy, monkeypatch):
    before = results.findings(copy.parent.parent)
    shutil.rmtree(copy / "attacks" / "strict")
    monkeypatch.setattr(releases, "SHARE_OF_MEMORY", 0.0)
    evaluate(copy, device="cpu", progress=False)
    after = results.findings(copy.parent.parent)
    key = ["attacker", "protocol", "target", "metric", "n", "identities"]
    assert after[key].equals(before[key])
    assert set(after[after.metric == "ms_ssim"].n) == {len(FACES.indices("test"))}
    view = releases.view_of(controls.identity_release, FACES, None, torch.device("cpu"), seed=0)
    assert {s: len(z) for s, z in view.z.items()} == {s: len(FACES.indices(s)) for s in SPLITS}
    mixed = releases.by_image(view, seed=1)
    for row in (0, -1):
        assert torch.equal(mixed.z["test"][row], (mixed.x["test"][row] / 255).half().float())


def test_what_cannot_be_evaluated_is_named(copy, monkeypatch):
    with pytest.raises(PenumbraError, match="unknown attack 'guess'"):
        evaluate(copy, attacks=["guess"], device="cpu", progress=False)
    with pytest.raises(PenumbraError, match="no release-time knob"):
        evaluate(copy, release_values=[1], device="cpu", progress=False)
    with monkeypatch.context() as patch:
        other = dataclasses.replace(FACES, fingerprint="other")
        patch.setattr("core.data.load", lambda *a, **k: other)
        with pytest.raises(PenumbraError, match="another version of tiny"):
            evaluate(copy, device="cpu", progress=False)
    (copy / "done").unlink()
    with pytest.raises(PenumbraError, match="not finished"):
        evaluate(copy, device="cpu", progress=False)


def test_damaged_controls_are_named(copy, monkeypatch):
    shutil.rmtree(copy / "attacks" / "strict" / "logistic")
    (path,) = (copy.parent / "_controls").glob(
        "*/attacks/strict/logistic@identity/findings.jsonl.gz"
    )
    path.write_text("{")
    with pytest.raises(PenumbraError, match="evaluate again"):
        evaluate(copy, ["logistic"], device="cpu", progress=False)
