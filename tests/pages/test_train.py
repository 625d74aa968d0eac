"""Train: planning, starting, states of jobs, damaged folders."""

import json

import pytest
from filelock import FileLock

from app.page import wording
from app.training import own_folder
from core import data, jobs
from core.methods import METHODS
from core.run import Run, home
from core.run_validation import checked
from tests.checkpoint_folders import write_run
from tests.pages.conftest import open_page, whole, words
from tests.tiny_folder import register_tiny_folder


@pytest.fixture
def tiny(root, tmp_path):
    register_tiny_folder(tmp_path / "photographs")


def write_job(job_id="20260101-120000-abcdef", state=None, runs=None, **progress):
    folder = home() / "jobs" / job_id
    folder.mkdir(parents=True)
    run = checked(Run("deep_obfuscator", "tiny"))
    entry = {name: getattr(run, name) for name in ("method", "dataset", "knobs", "recipe")}
    job = {"runs": runs or [entry], "device": "cpu", "evaluate": True, "created": 1.0}
    (folder / "job.json").write_text(json.dumps(job))
    if progress:
        (folder / "progress.json").write_text(json.dumps(progress | {"working": True}))
    if state:
        (folder / "result.json").write_text(json.dumps({"state": state, "message": "as it ended"}))
    return folder


def test_empty(tiny):
    app = whole(open_page("train", train_data="tiny"))
    assert app.title[0].value == "How well would a new setting protect?"
    assert "72 photographs of 24 people" in words(app)
    assert "6 settings of DeepObfuscator" in words(app)
    assert "No training has been started here yet" in words(app)


def test_the_command_is_there_to_copy(tiny):
    app = whole(open_page("train", train_data="tiny"))
    assert app.code[0].value == (
        "python -m core sweep --dataset tiny --method deep_obfuscator --preset compact --tasks Smiling "
        "--private Male --knob lambda1=0,0.5,1,2,5,10 --knob lambda2=1 --seed 0 --device auto"
    )


def test_start_hands_the_plan_to_a_job(tiny, monkeypatch):
    started = []
    monkeypatch.setattr(
        jobs, "start", lambda runs, device, evaluate: started.append((runs, device))
    )
    app = whole(open_page("train", train_data="tiny", train_device="cpu", train_seed="7"))
    app.multiselect(key="train_deep_obfuscator_lambda1").set_value(["0", "2.5"]).run()
    whole(app.button[0].click().run())
    runs, device = started[0]
    assert [run.knobs["lambda1"] for run in runs] == [0.0, 2.5]
    assert {run.seed for run in runs} == {7}
    assert device == "cpu"


def test_a_bad_plan_is_one_line(tiny):
    app = whole(open_page("train", train_data="tiny"))
    app.multiselect(key="train_private").set_value([]).run()
    assert "private" in whole(app).error[0].value
    app.multiselect(key="train_private").set_value(["Male"]).run()
    app.multiselect(key="train_deep_obfuscator_lambda1").set_value(["much"]).run()
    assert "'much' is no number" in whole(app).error[0].value


@pytest.mark.parametrize(
    "key",
    ["train_data", "train_method", "train_preset", "train_tasks", "train_device", "train_seed"],
)
def test_a_link_to_what_is_not_there_falls_back_with_a_note(tiny, key):
    app = whole(open_page("train", **{"train_data": "tiny", key: "nowhere"}))
    assert any("nowhere" in note.value for note in app.info)


def test_a_baseline_needs_no_training_knob(tiny):
    app = whole(open_page("train", train_data="tiny", train_method="image_noise"))
    values = ", ".join(f"{value:g}" for value in METHODS["image_noise"].knobs[0].grid)
    assert f"σ moves after training; it is measured at {values}." in words(app)
    assert "1 setting of Noise on the picture" in words(app)


def labels(app, key):
    return app.multiselect(key=key).options


def test_verification_and_identity_where_a_method_understands_them(tiny):
    app = whole(open_page("train", train_data="tiny"))
    same, who = wording.CHOICES["verification"], wording.CHOICES["identity"]
    assert same not in labels(app, "train_tasks")
    assert who not in labels(app, "train_private")
    whole(app.selectbox(key="train_method").set_value("aia").run())
    assert same in labels(app, "train_tasks")
    assert who not in labels(app, "train_private")
    assert app.multiselect(key="train_tasks").value == ["Smiling"]  # all methods start alike
    whole(app.selectbox(key="train_method").set_value("dpfe").run())
    assert same not in labels(app, "train_tasks")
    assert who in labels(app, "train_private")
    assert app.multiselect(key="train_private").value == ["Male"]


def test_the_paper_s_own_combination_fills_both_fields(tiny):
    app = whole(open_page("train", train_data="tiny", train_method="aia"))
    paper = app.selectbox(key="train_paper_set")
    whole(paper.set_value(paper.options[0]).run())
    assert app.multiselect(key="train_tasks").value == ["verification"]
    assert app.multiselect(key="train_private").value == ["Male"]
    assert "--tasks verification --private Male" in app.code[0].value
    assert app.selectbox(key="train_paper_set").value is None
    # what the next method does not understand goes, and the start takes its place
    whole(app.selectbox(key="train_method").set_value("deep_obfuscator").run())
    assert app.multiselect(key="train_tasks").value == ["Smiling"]


def test_a_method_of_no_paper_has_no_combination(tiny):
    app = whole(open_page("train", train_data="tiny", train_method="blur"))
    assert "train_paper_set" not in {box.key for box in app.selectbox}


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        ("stopped", {"Resume", "Remove from list"}),
        ("failed", {"Resume", "Remove from list"}),
        ("finished", {"Remove from list"}),
    ],
)
def test_jobs_offer_what_can_be_done(tiny, state, buttons):
    write_job(state=state, index=0, phase="train")
    app = whole(open_page("train", train_data="tiny"))
    assert "DeepObfuscator on tiny: λ₁ = 1, λ₂ = 1" in words(app)
    assert {button.label for button in app.button} == buttons | {"Start training and attacks"}


def test_resume_and_remove(tiny, monkeypatch):
    folder = write_job(state="stopped")
    resumed = []
    monkeypatch.setattr(jobs, "resume", resumed.append)
    app = whole(open_page("train", train_data="tiny"))
    whole(next(b for b in app.button if b.label == "Resume").click().run())
    assert resumed == [folder.name]
    whole(next(b for b in app.button if b.label == "Remove from list").click().run())
    assert not folder.exists()


def trained_job(root):
    """A finished job and the run it trained."""
    run = checked(Run("deep_obfuscator", "tiny"))
    folder = write_run(root, run, 0.5)
    entry = {name: getattr(run, name) for name in ("method", "dataset", "knobs", "recipe")}
    return write_job(state="finished", runs=[entry]), folder


def test_deleting_what_was_trained_is_asked_first(tiny, root):
    job, run = trained_job(root)
    app = whole(open_page("train", train_data="tiny"))
    too = app.checkbox(key=f"too_{job.name}")
    assert too.label == "Delete what it trained as well: 1 setting with all measurements"
    assert "What was trained and measured stays" in words(app)
    whole(too.check().run())
    assert "1 setting will be gone for good; your photographs stay" in words(app)
    assert run.is_dir()
    whole(next(b for b in app.button if b.label == "Delete it all").click().run())
    assert not run.exists()
    assert not job.exists()


def test_the_list_alone_leaves_what_was_trained(tiny, root):
    job, run = trained_job(root)
    app = whole(open_page("train", train_data="tiny"))
    whole(next(b for b in app.button if b.label == "Remove from list").click().run())
    assert run.is_dir()
    assert not job.exists()


def test_a_run_in_use_is_not_deleted_and_the_page_says_why(tiny, root):
    job, folder = trained_job(root)
    app = whole(open_page("train", train_data="tiny"))
    whole(app.checkbox(key=f"too_{job.name}").check().run())
    with FileLock(checked(Run("deep_obfuscator", "tiny")).lock("train")):
        whole(next(b for b in app.button if b.label == "Delete it all").click().run())
    assert "stop that first" in app.error[0].value
    assert folder.is_dir()
    assert job.exists()


def test_a_shipped_setting_is_deleted_only_with_a_clear_word(tiny, own_findings, monkeypatch):
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)
    run = checked(Run("original", "synthetic"))
    monkeypatch.setattr("core.shipping.shipped.runs", lambda: (run,))
    app = whole(unfolded(open_page("train", train_data="tiny"), "trained"))
    mine = own_findings / "synthetic" / run.id
    name = f"synthetic/{mine.name}"
    whole(app.selectbox(key="delete_run").set_value(name).run())
    button = next(b for b in app.button if b.label == "Delete this setting")
    assert button.disabled
    sure = app.checkbox(key=f"sure_{name}")
    assert "came with Penumbra" in sure.label
    whole(sure.check().run())
    button = next(b for b in app.button if b.label == "Delete this setting")
    whole(button.click().run())
    assert not mine.exists()


def unfolded(app, key):
    """The page with one of its expanders open."""
    app.session_state[key] = True
    return app.run()


def checked_folder(tiny_path, app=None):
    app = app or whole(open_page("train"))
    whole(unfolded(app, "register"))
    app.text_input(key="own_folder_path").set_value(str(tiny_path)).run()
    return whole(next(b for b in app.button if b.label == "Check the folder").click().run())


@pytest.fixture
def photographs(root, tmp_path):
    """A folder that nobody has registered."""
    register_tiny_folder(tmp_path / "photographs")
    data.remove("tiny")
    return tmp_path / "photographs"


def test_an_own_folder_is_looked_at_and_then_registered(photographs):
    app = checked_folder(photographs)
    assert "72 photographs of 24 people, 3 attributes" in app.success[0].value
    counts = next(f.value for f in app.dataframe if "Share" in f.value)
    assert counts["Yes"].tolist() == [36, 36, 36]
    assert "mine" not in data.catalogue()
    app.text_input(key="own_folder_name").set_value("mine").run()
    whole(next(b for b in app.button if b.label == "Register").click().run())
    assert data.catalogue()["mine"]["images"] == 72
    assert app.selectbox(key="train_data").value == "mine"
    assert "“mine” is registered" in app.success[0].value


def test_an_own_folder_with_mistakes_shows_them_by_line_and_writes_nothing(photographs):
    rows = (photographs / "labels.csv").read_text().split("\n")
    rows[3], rows[5] = "2.png,person0,2,0,1", "nothere.png,person1,1,0,1"
    (photographs / "labels.csv").write_text("\n".join(rows))
    app = checked_folder(photographs)
    assert "2 problems in the way. Nothing was registered" in app.error[0].value
    listed = next(c.value for c in app.code if "row 4" in c.value)
    assert "labels.csv, row 6" in listed
    assert "Register" not in {b.label for b in app.button}


@pytest.mark.parametrize("path", ["photographs", "/no/such/folder", "/etc/passwd", "<script>"])
def test_a_path_that_is_no_folder_says_what_to_do(root, path):
    app = checked_folder(path)
    assert app.error[0].value
    assert "Register" not in {b.label for b in app.button}


def test_another_path_asks_for_another_look(photographs):
    app = checked_folder(photographs)
    whole(app.text_input(key="own_folder_path").set_value("/tmp").run())
    assert "check the folder again" in words(app)
    assert "Register" not in {b.label for b in app.button}


@pytest.mark.parametrize("name", ["Mine", "a b", "../x", "tiny!"])
def test_a_bad_name_cannot_be_registered(photographs, name):
    app = checked_folder(photographs)
    whole(app.text_input(key="own_folder_name").set_value(name).run())
    assert next(b for b in app.button if b.label == "Register").disabled


def test_a_taken_name_is_said(photographs):
    app = checked_folder(photographs)
    app.text_input(key="own_folder_name").set_value("synthetic").run()
    whole(next(b for b in app.button if b.label == "Register").click().run())
    assert "there is already a data set 'synthetic'" in app.error[0].value


def test_open_to_other_machines_no_folder_is_opened_from_the_page(root, monkeypatch):
    monkeypatch.setattr(own_folder, "LOCAL_NAMES", ())
    app = whole(unfolded(whole(open_page("train")), "register"))
    assert "Register them in a terminal" in app.info[0].value
    assert "own_folder_path" not in {box.key for box in app.text_input}
    monkeypatch.setenv(own_folder.ROOT, str(root))
    app = checked_folder("/etc")
    assert f"Only folders inside {root}" in app.error[0].value


def test_label_counts_of_the_chosen_data_set(tiny):
    app = whole(unfolded(open_page("train", train_data="tiny"), "counts"))
    assert app.dataframe[0].value["Yes"].tolist() == [36, 36, 36]


def test_an_estimate_says_what_it_goes_by(tiny, root):
    app = whole(open_page("train", train_data="tiny"))
    assert "time not known yet" in words(app)
    assert "Nothing like it has been trained here" in words(app)
    write_run(root, checked(Run("deep_obfuscator", "tiny", seed=5)), 0.5)
    app = whole(open_page("train", train_data="tiny"))
    assert "about 6 min" in words(app)  # six of 60 s
    assert "Estimated from 1 finished setting of this method and size on “tiny”" in words(app)


def test_a_damaged_job_is_shown_and_can_be_removed(tiny):
    (write_job() / "job.json").write_text("{")
    app = whole(open_page("train", train_data="tiny"))
    assert "A job whose file cannot be read" in words(app)
    assert "damaged" in words(app)


def test_photographs_that_went_away(tiny, tmp_path):
    for path in sorted((tmp_path / "photographs").iterdir()):
        path.unlink()
    (tmp_path / "photographs").rmdir()
    app = whole(open_page("train", train_data="tiny"))
    assert "no such folder" in app.error[0].value


def test_damaged_checkpoints_are_named(damaged, tmp_path):
    register_tiny_folder(tmp_path / "photographs")
    app = whole(open_page("train", train_data="tiny"))
    assert any("damaged" in expander.label for expander in app.expander)


def test_the_losses_of_a_finished_training_are_drawn_whole(tiny, root):
    runs = [checked(Run("deep_obfuscator", "synthetic", seed=seed)) for seed in (0, 1)]
    folders = [write_run(root, run, 0.5) for run in runs]
    rows = [{"stage": "task", "step": n, "steps": 9, "phase": "p", "task": 1 / n} for n in (1, 5)]
    (folders[0] / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_page("train", train_data="tiny")
    app.session_state["curves"] = True
    whole(app.run())
    whole(app.selectbox(key="losses_of").set_value(f"synthetic/{runs[0].id}").run())
    assert "6 steps, 2 of them in the log." in words(app)
    (line,) = json.loads(app.get("plotly_chart")[-1].proto.spec)["data"]
    assert (line["x"], line["y"]) == ([1, 5], [1, 0.2])
    # One without a log, as all that come with Penumbra, is not offered.
    assert len(app.selectbox(key="losses_of").options) == 1
    (folders[0] / "log.jsonl").unlink()
    app = open_page("train", train_data="tiny")
    app.session_state["curves"] = True
    whole(app.run())
    assert "logs of these trainings were left out to save space" in app.info[0].value


def test_layers_and_weights_of_the_schedule_are_swept_by_lists(tiny, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start", lambda runs, device, evaluate: started.append(runs))
    name = "adversarial_reconstruction"
    app = whole(open_page("train", train_data="tiny", train_method=name))
    assert "5 settings of Adversarial reconstruction" in words(app)
    whole(app.multiselect(key=f"train_{name}_compact_layer").set_value(["3", "5"]).run())
    assert "10 settings (5 values of λ₁ × 2 of layer)" in words(app)
    whole(app.multiselect(key=f"train_{name}_entries").set_value(["mu2"]).run())
    whole(app.multiselect(key=f"train_{name}_compact_mu2").set_value(["0", "0.5"]).run())
    assert "20 settings (5 values of λ₁ × 2 of layer × 2 of mu2)" in words(app)
    assert "--schedule layer=3,5 --schedule mu2=0,0.5" in app.code[0].value
    whole(app.button[0].click().run())
    found = {tuple(sorted(run.schedule.items())) for run in started[0]}
    assert found == {(), (("layer", 3),), (("mu2", 0.5),), (("layer", 3), ("mu2", 0.5))}
    whole(app.multiselect(key=f"train_{name}_compact_layer").set_value([]).run())
    assert "at least one value of Layer" in app.error[0].value


def test_a_finished_job_shows_its_losses_from_the_first_step_on(tiny, root, monkeypatch):
    monkeypatch.setattr(jobs, "RECENT_ROWS", 3)
    _, folder = trained_job(root)
    rows = [{"stage": "task", "step": n, "steps": 9, "phase": "p", "task": 1.0} for n in range(9)]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = whole(open_page("train", train_data="tiny"))
    (line,) = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert line["x"] == list(range(9))
