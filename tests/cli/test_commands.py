"""The command line, as a person meets it."""

import json
import subprocess
import sys

import pytest

from core.__main__ import main
from core.attacks import ATTACKS
from core.cli import options
from core.methods import METHODS
from core.run import ROOT, Run
from core.run_validation import checked, read_run
from core.storage import run_folder
from core.sweep import grid
from tests.checkpoint_folders import write_run
from tests.listings import only
from tests.tiny_folder import register_tiny_folder


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    return tmp_path


def test_help_teaches_without_loading_torch():
    script = (
        "import sys\n"
        "from core.__main__ import main\n"
        "try: main(['sweep', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'sklearn', 'umap', 'streamlit'} & set(sys.modules)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    for method in METHODS.values():
        assert method.name in shown.stdout
        for knob in method.knobs:
            assert knob.help in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--method", "original", "--dataset", "nowhere"], "nowhere"),
        (["train", "--method", "deep_obfuscator", "--knob", "lambda1"], "NAME=VALUE"),
        (["train", "--method", "deep_obfuscator", "--knob", "lambda1=a"], "must be numbers"),
        (["train", "--method", "deep_obfuscator", "--knob", "lambda1=1,2"], "use `sweep`"),
        (["train", "--method", "deep_obfuscator", "--knob", "beta=1"], "no training knob"),
        (["sweep", "--method", "deep_obfuscator", "--sets", "7"], "has: 1, 2, 3, 4, 5, 6"),
        (["sweep", "--method", "original", "--sets", "all"], "names no sets: leave --sets out"),
        (["sweep", "--method", "pric", "--sets", "all", "--tasks", "Male"], "leave those two out"),
        (["sweep", "--method", "pric", "--knob", "lambda=1", "--knob", "lambda=2"], "lambda twice"),
        (
            ["sweep", "--method", "pric", "--no-evaluate", "--attacks", "mlp"],
            "leave one or the other",
        ),
        # Said before hours of training, not after them.
        (["sweep", "--method", "original", "--attacks", "urec9"], "unknown attack 'urec9'"),
        (["evaluate", "deep_obfuscator-0000000000"], "there is no run"),
        (["evaluate", "."], "there is no run '.'"),
        (["data", "describe", "nowhere"], "nowhere"),
        (["data", "add", "x", "--source", "folder", "--path", "/nonexistent"], "nonexistent"),
        (["data", "join", "x", "synthetic", "nowhere"], "unknown data set 'nowhere'"),
        (["data", "join", "x", "synthetic", "synthetic"], "both registered from"),
    ],
)
def test_bad_input_gives_one_line_and_a_status(arguments, message, capsys):
    assert main(arguments) != 0
    said = capsys.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if message in line]
    assert len(lines) == 1
    assert "Traceback" not in said.err


def test_what_no_finding_has_is_said_with_what_some_have(folders, capsys):
    write_run(folders / "checkpoints", checked(Run("deep_obfuscator", "synthetic")), 0.5)
    for column, wanted, near in (
        ("metric", "balanced_acuracy", "balanced_accuracy"),
        ("target", "attribute:male", "attribute:Male"),
        ("dataset", "nowhere", "synthetic"),
    ):
        assert main(["results", f"--{column}", wanted]) == 2
        told = capsys.readouterr().err
        assert f"no finding has {column} {wanted!r}" in told
        assert near in told


@pytest.mark.parametrize("count", ["0", "-3", "two"])
def test_workers_are_counted_from_one(count, capsys):
    with pytest.raises(SystemExit):
        main(["sweep", "--method", "original", f"--workers={count}"])
    assert "is no number from 1 to 256" in capsys.readouterr().err


def test_published_sets_become_runs(monkeypatch):
    planned = []
    monkeypatch.setattr("core.sweep.sweep", lambda runs, *_, **__: planned.extend(runs) or [])
    main(["sweep", "--method", "deep_obfuscator", "--sets", "1,6", "--knob", "lambda1=0,1"])
    assert [(run.tasks, run.private, run.knobs["lambda1"]) for run in planned] == [
        (("Smiling",), ("Male",), 0),
        (("Smiling",), ("Male",), 1),
        (("Smiling", "High_Cheekbones"), ("Male", "Heavy_Makeup"), 0),
        (("Smiling", "High_Cheekbones"), ("Male", "Heavy_Makeup"), 1),
    ]
    planned.clear()
    main(["sweep", "--method", "deep_obfuscator", "--sets", "all"])
    assert len({run.id for run in planned}) == 6


@pytest.mark.parametrize(
    ("words", "tasks", "private"),
    [
        (["deep_obfuscator"], ("Smiling",), ("Male",)),
        (["aia"], ("verification",), ("Male",)),
        (["dpfe"], ("Male",), ("identity",)),
        (["dpfe", "--tasks", "Smiling", "--private", "Male"], ("Smiling",), ("Male",)),
        (["adversarial_reconstruction"], ("Smiling",), ()),
        (["original", "--private", ""], ("Smiling",), ()),
    ],
)
def test_what_is_not_named_is_as_in_the_paper(words, tasks, private, monkeypatch):
    planned = []
    monkeypatch.setattr("core.sweep.sweep", lambda runs, *_, **__: planned.extend(runs) or [])
    main(["sweep", "--method", *words])
    assert [(run.tasks, run.private) for run in planned] == [(tasks, private)]


def test_grid_is_every_combination_once():
    runs = grid(
        "deep_obfuscator",
        "tiny",
        "compact",
        ["Smiling"],
        ["Male"],
        {"lambda1": [0, 1, 1.0], "lambda2": [1, 2]},
        seeds=[0, 1],
    )
    found = {(r.knobs["lambda1"], r.knobs["lambda2"], r.seed) for r in runs}
    assert len(runs) == len(found) == 8


def test_structural_entries_are_swept_as_knobs_are(monkeypatch):
    planned = []
    monkeypatch.setattr("core.sweep.sweep", lambda runs, *_, **__: planned.extend(runs) or [])
    words = ["--knob", "lambda1=0,1", "--schedule", "layer=3,4", "--schedule", "mu1=1"]
    main(["sweep", "--method", "adversarial_reconstruction", *words])
    found = [(run.schedule["layer"], run.schedule["mu1"], run.knobs["lambda1"]) for run in planned]
    assert found == [(3, 1, 0), (3, 1, 1), (4, 1, 0), (4, 1, 1)]


def test_a_sweep_passes_on_who_attacks_and_how_people_are_divided(monkeypatch):
    asked = {}
    monkeypatch.setattr("core.sweep.sweep", lambda runs, *_, **about: asked.update(about) or [])
    words = ["--protocol", "paper", "--attacks", "logistic,mlp", "--release", "0,1"]
    main(["sweep", "--method", "dpfe", *words])
    assert asked["protocol"] == "paper"
    assert asked["attacks"] == ("logistic", "mlp")
    assert asked["release_values"] == (0.0, 1.0)


def test_all_tasks_are_all_that_is_not_hidden(folders, monkeypatch):
    register_tiny_folder(folders / "photographs")
    planned = []
    monkeypatch.setattr("core.sweep.sweep", lambda runs, *_, **__: planned.extend(runs) or [])
    main(["sweep", "--method", "original", "--dataset", "tiny", "--tasks", "all"])
    assert [(run.tasks, run.private) for run in planned] == [(("Smiling", "Young"), ("Male",))]


def test_join_train_evaluate_results_from_a_terminal(tmp_path, capsys, monkeypatch):
    only(monkeypatch, ATTACKS, ["logistic", "nearest_neighbour"])  # tests/test_evaluate.py has all
    register_tiny_folder(tmp_path / "photographs")
    register_tiny_folder(tmp_path / "others", "more", 12, "stranger", seed=1)
    assert main(["data", "join", "both", "tiny", "more"]) == 0
    assert json.loads(capsys.readouterr().out)["identities"] == 36
    assert main(["data", "list"]) == 0
    assert "tiny + more" in capsys.readouterr().out
    schedule = ["--schedule", "task_epochs=1", "--schedule", "batch_size=8"]
    common = ["--method", "original", "--dataset", "both", "--device", "cpu", *schedule]
    assert main(["train", *common]) == 0
    folder = capsys.readouterr().out.strip().splitlines()[-1]
    assert "/both/" in folder
    assert main(["evaluate", folder.rsplit("/", 1)[1], "--device", "cpu"]) == 0
    assert main(["results", "--format", "csv", "--target", "attribute:Male"]) == 0
    lines = [x for x in capsys.readouterr().out.splitlines() if "attribute:Male" in x]
    assert any("worst_case" in line and "balanced_accuracy" in line for line in lines)
    assert main(["data", "remove", "more"]) == 2
    assert "'both' joins 'more' with another; remove 'both' first" in capsys.readouterr().err


def test_two_workers_divide_a_sweep_and_share_the_pretraining(tmp_path):
    register_tiny_folder(tmp_path / "photographs")
    short = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 1, "batch_size": 8}
    arguments = [
        "sweep",
        "--method",
        "deep_obfuscator",
        "--dataset",
        "tiny",
        "--device",
        "cpu",
        "--knob",
        "lambda1=0,1",
        "--no-evaluate",
        "--workers",
        "2",
        *(f"--schedule={name}={value}" for name, value in short.items()),
    ]
    assert main(arguments) == 0
    runs = list((tmp_path / "checkpoints" / "tiny").glob("deep_obfuscator-*"))
    assert len(runs) == 2
    assert all((run / "done").is_file() for run in runs)
    assert len(list((tmp_path / "home" / "pretrained").glob("*.safetensors"))) == 2


def test_a_run_can_be_named_by_a_path_from_within_its_folder(monkeypatch):
    run = run_folder.all_folders(ROOT / "checkpoints")[0]
    for place, name in ((run.parent, f"./{run.name}"), (run, ".")):
        monkeypatch.chdir(place)
        (folder,) = options.folders([name])
        assert read_run(folder).id == run.name
