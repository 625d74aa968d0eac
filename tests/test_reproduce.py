"""A table of a paper, made again: what it takes, what is there, the rest, and how it is printed."""

import dataclasses
import json

import pytest

from core import reproduce, results
from core.__main__ import main
from core.attacks import ATTACKS
from core.methods import METHODS
from core.published.tables import Table, drawn, named
from core.run import Run, checkpoints
from core.run_validation import checked
from core.storage import attack_folders, numbers_only
from core.storage.attack_folders import Task
from tests.checkpoint_folders import write_run
from tests.tiny_faces import small_presets
from tests.tiny_folder import register_tiny_folder


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    return tmp_path


def planned(paper, place, dataset="synthetic"):
    return reproduce.plan(named(paper, place), dataset, "compact")


def attacked(run, *tasks):
    for task in tasks:
        attack_folders.save(attack_folders.place(run.folder, task), [], {}, {}, 7.0)


def test_a_plan_says_which_trainings_and_attacks_a_table_takes():
    made = planned("deep_obfuscator", "Table 4")
    runs = {step.run.method: step for step in made.steps}
    assert set(runs) == {"deep_obfuscator", "original", "noisy_features"}
    assert runs["deep_obfuscator"].run.knobs == {"lambda1": 1.0, "lambda2": 1.0}
    asked = {name: {m.protocol: m.attacks for m in step.measures} for name, step in runs.items()}
    assert asked["original"] == dict.fromkeys(("paper", "strict"), ("mirrored_decoder",))
    assert asked["deep_obfuscator"]["paper"] == ()  # its own networks are always scored
    assert "retrained_reconstructor" in asked["deep_obfuscator"]["strict"]
    assert all(m.release_values == (0.4,) for m in runs["noisy_features"].measures)
    assert not any(step.trained for step in made.steps)
    # Nothing alike was ever trained or attacked in this folder.
    assert (made.training, made.attacks) == (None, None)


def test_how_long_attacks_take_is_said_by_trainings_of_the_same_size(capsys):
    run = planned("deep_obfuscator", "Table 3").steps[0].run
    write_run(checkpoints(), run, 0.5)
    attacked(run, *(Task("strict", name, None) for name in ATTACKS))
    compact = planned("deep_obfuscator", "Table 3")
    assert compact.attacks == pytest.approx(4 * 20)  # the paper protocol's, never timed
    whole = reproduce.plan(named("deep_obfuscator", "Table 3"), "synthetic", "paper")
    assert whole.attacks is None
    command = ["reproduce", "deep_obfuscator", "Table 3", "--preset", "paper", "--plan"]
    assert main(command) == 0
    assert "nobody can say how long it takes" in capsys.readouterr().out


def test_a_plan_is_rows_for_whoever_reads_it_by_a_program(capsys):
    (step,) = planned("deep_obfuscator", "Table 3").steps
    write_run(checkpoints(), step.run, 0.5)
    (first,) = [t for t in step.pending if t[:2] == ("strict", "resrec")]
    attacked(step.run, first)
    command = ["reproduce", "deep_obfuscator", "Table 3", "--plan", "--format", "json"]
    assert main(command) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["run_id"] for row in rows} == {step.run.id}
    done = {(row["protocol"], row["attack"]) for row in rows if row["done"]}
    assert ("strict", "resrec") in done
    assert ("strict", "urec1") not in done
    assert ("paper", "resrec") not in done


def test_what_is_there_is_not_asked_for_again():
    run = planned("deep_obfuscator", "Table 3").steps[0].run
    write_run(checkpoints(), run, 0.5)
    other = dataclasses.replace(run, knobs={"lambda1": 5.0, "lambda2": 1.0})
    write_run(checkpoints(), checked(other), 0.5)
    (step,) = planned("deep_obfuscator", "Table 3").steps
    assert (step.run, step.trained) == (run, True)
    before = {(task.protocol, task.attack) for task in step.pending}
    assert {("paper", "urec1"), ("strict", "urec2"), ("strict", "resrec")} <= before
    attacked(run, *step.pending[1:])
    (step,) = planned("deep_obfuscator", "Table 3").steps
    assert len(step.pending) == 1
    attacked(run, *step.pending)
    made = planned("deep_obfuscator", "Table 3")
    assert made.to_do == []
    assert (made.training, made.attacks) == (0.0, 0)
    count = reproduce.summary(made)
    assert count["trained"] == count["trainings"] == 1
    assert count["measured"] == count["measures"] == 10


def test_a_training_of_before_is_made_again_but_one_of_other_tasks_may_do():
    pric = named("pric", "Figure 4")
    (run,) = (
        s.run for s in reproduce.plan(pric, "synthetic", "compact").steps if s.run.method == "pric"
    )
    old = dataclasses.replace(run, recipe=1)
    write_run(checkpoints(), old, 0.5)
    steps = reproduce.plan(pric, "synthetic", "compact").steps
    assert not any(step.trained for step in steps)
    bald = checked(dataclasses.replace(run, tasks=("Bald",)))  # a training that minds no task
    write_run(checkpoints(), bald, 0.5)
    steps = reproduce.plan(pric, "synthetic", "compact").steps
    assert [step.run for step in steps if step.trained] == [bald]


def test_one_training_serves_all_rows_that_it_can():
    steps = planned("deep_obfuscator", "Figure 7").steps
    for method in ("original", "noisy_features"):  # which mind no attribute that is hidden
        bare = [step.run.tasks for step in steps if step.run.method == method]
        assert sorted(bare) == [("High_Cheekbones",), ("Smiling",), ("Smiling", "High_Cheekbones")]
    assert len([step for step in steps if step.run.method == "deep_obfuscator"]) == 6


def test_all_attributes_are_those_of_the_data_set(folders):
    register_tiny_folder(folders / "photographs")
    made = planned("adversarial_reconstruction", "Table 2", "tiny")
    assert {step.run.tasks for step in made.steps} == {("Male", "Smiling", "Young")}
    assert {step.run.schedule["mu2"] for step in made.steps} == {1.0}
    assert [step.run.knobs["lambda2"] for step in made.steps] == [0, 1, 2, 3, 4, 5, 10]


def test_rows_that_cannot_be_made_are_named_with_the_reason(folders):
    register_tiny_folder(folders / "photographs")
    made = planned("pric", "Figure 3", "tiny")
    assert made.left_out
    assert {why for _, why in made.left_out} == {"The data set has no Gray_Hair."}
    assert reproduce.left_out(made) == ["Left out, Baseline, PRIC: The data set has no Gray_Hair."]
    assert made.steps == ()
    joined = reproduce.left_out(planned("adversarial_reconstruction", "Table 1"))
    second = [line for line in joined if line.startswith("Left out, #5, #6: Its attacker")]
    assert len(second) == 1
    assert "evaluate RUN --extra DATASET --attacks pixel_decoder --protocol paper" in second[0]
    assert any(
        line.startswith("Left out, #7, #8: The method learns from a second") for line in joined
    )


def test_a_data_set_of_which_no_attribute_was_measured_serves_none():
    said = numbers_only.NumbersOnly("Faces", "Faces", "Some.", "faces", "folder")
    numbers_only.declare(checkpoints() / "others", said)
    made = planned("adversarial_reconstruction", "Table 2", "others")
    assert {why for _, why in made.left_out} == {"The data set has no attributes to be served."}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dpfe", "Figure 11"], "Figure 11 of dpfe cannot be made here: Measured on a telephone"),
        (["dpfe", "Figure 12"], "the paper of dpfe has no 'Figure 12'; it has: Table 1"),
        (["dfpe"], "no paper is called 'dfpe'; there are pric"),
        (["aia", "Table 1", "--dataset", "nowhere"], "nowhere"),
        (["aia", "Table 1", "--dataset", "../elsewhere"], "'../elsewhere' is no data set's name"),
        (["aia", "Table 1", "--dataset", "a" * 5000], "is no data set's name"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr("core.sweep.sweep", lambda *_, **__: pytest.fail("nothing is to be done"))
    assert main(["reproduce", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_without_a_table_everything_is_listed(capsys):
    assert main(["reproduce"]) == 0
    listed = capsys.readouterr().out
    assert main(["reproduce", "aia", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [
        "Table 1",
        "Figure 1",
        "Figure 2",
        "Figure 3",
    ]
    for place in ("Figure 11", "Table 4", "A drawing of the idea"):
        assert place in listed


def test_a_plan_does_nothing(capsys, monkeypatch):
    monkeypatch.setattr("core.sweep.sweep", lambda *_, **__: pytest.fail("nothing is to be done"))
    assert main(["reproduce", "deep_obfuscator", "table3", "--plan"]) == 0
    said = capsys.readouterr().out
    assert "to be trained" in said
    assert "0 of 1 trainings are there" in said
    assert "urec1" in said


def test_of_a_data_set_in_numbers_what_is_there_is_printed_and_nothing_is_trained(capsys):
    declared = numbers_only.NumbersOnly(
        "CelebA (numbers only)", "CelebA", "All of it.", "mine", "celeba"
    )
    run = checked(Run("deep_obfuscator", "celeba_64"))
    folder = write_run(checkpoints(), run, 0.5)
    (folder / "done").unlink()
    (folder / "weights.safetensors").unlink()
    numbers_only.declare(folder.parent, declared)
    made = planned("deep_obfuscator", "Table 3", "celeba_64")
    assert [step.run for step in made.steps if step.trained] == [run]
    assert made.lacking
    assert made.to_do == []
    command = ["reproduce", "deep_obfuscator", "Table 3", "--dataset", "celeba_64"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "What is missing cannot be made: CelebA (celeba_64) is here in numbers only" in said
    assert "0.3123" in said
    assert "photographs: ours" not in said  # they are the paper's


@pytest.fixture
def toy(monkeypatch, folders):
    """A table of one number that takes no training: ranks of people in noisy pictures."""
    small_presets(monkeypatch)
    proven = {("log_rank", "identity"): True}  # controls are tested elsewhere
    monkeypatch.setattr("core.evaluate.controls", lambda *_: proven)
    monkeypatch.setattr("core.evaluate.face_features", lambda *_: None)
    register_tiny_folder(folders / "photographs")
    about = {"method": "image_noise", "tasks": ("Smiling",), "private": ("Male",)}
    measured = {"target": "identity", "role": "private", "metric": "rank_mean"}
    row = drawn("dpfe", "Table 9", "noise", about, **measured, protocol="computed", printed="0.3")
    table = Table("dpfe", "Table 9", "Ranks", (row | {"value": 0.3, "knobs": {"sigma": 0.4}},))
    monkeypatch.setattr("core.cli.reproduce.named", lambda paper, place: table)
    return table


def test_the_rest_is_done_once_and_printed(toy, capsys, monkeypatch):
    command = ["reproduce", "dpfe", "Table 9", "--dataset", "tiny", "--device", "cpu"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "(missing)" in said
    (step,) = reproduce.plan(toy, "tiny", "compact").steps
    assert attack_folders.is_done(step.run.folder, Task("strict", "log_rank", 0.4))
    findings = results.findings()
    assert set(findings["attacker"]) & {*ATTACKS} == {"log_rank"}  # and nothing else
    (value,) = findings[findings["metric"] == "normalised_rank_mean"]["value"]
    assert "0.3 " in said
    assert f"{value:.3f} [" in said
    assert "photographs: ours of tiny, the paper's of CelebA" in said
    monkeypatch.setattr("core.evaluate.evaluate", lambda *_, **__: pytest.fail("it is all there"))
    assert main(command) == 0
    assert "All of it is there." in capsys.readouterr().out


def test_numbers_are_printed_in_the_unit_of_the_paper():
    from core.published.pairing import Number, Pair

    def cell(unit, *number):
        return reproduce._number(
            Pair({"unit": unit}, numbers={"strict": Number(*number)}), "strict"
        )

    assert cell("percent", 0.6502, 0.5, 0.5951, 0.7) == "65.0 [59.5, 70.0]"
    assert cell("number", 0.0219, 0.4, 0.019, 0.026) == "0.022 [0.019, 0.026]"
    assert cell("dB", 24.0, 13.0) == "24.000"


def test_what_is_different_is_said_in_words():
    made = planned("aia", "Table 1")
    said = "\n".join(reproduce.differences(made))
    assert "ours of synthetic, the paper's of CelebA and VGG Face" in said
    assert "ours 64 x 64 pixels and thinner networks, the paper's 218 x 178" in said
    assert "does not say when the attackers" in said
    for method in ("aia", "aia_random"):
        for sentence in METHODS[method].departures:
            assert sentence in said


def test_a_queued_table_is_the_same_plan(monkeypatch):
    from app.evidence import reproducing

    started = []
    monkeypatch.setattr("core.jobs.start", lambda runs, **more: started.append((runs, more)))
    made = planned("aia", "Table 1")
    reproducing.start(made)
    ((runs, more),) = started
    assert runs == [step.run for step in made.steps]
    assert set(more["measures"]) == {run.id for run in runs}
    assert "It takes 4 trainings by today's recipe (none here yet)" in reproducing.promise(made)


def test_a_run_described_by_hand_is_the_same():
    """The plan's run has the id that the command line gives it."""
    (step,) = planned("deep_obfuscator", "Table 3").steps
    assert step.run == checked(
        Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1, "lambda2": 1})
    )
