"""Train: planning, starting, states of jobs, damaged folders."""

import json

import pytest

from app import wording
from core import jobs
from core.methods import METHODS
from core.run import Run, checked, home
from tests.pages.conftest import open_page, whole, words
from tests.tiny_folder import register_tiny_folder


@pytest.fixture
def tiny(root, tmp_path):
    register_tiny_folder(tmp_path / "photographs")


def write_job(job_id="20260101-120000-abcdef", state=None, runs=None, **progress):
    folder = home() / "jobs" / job_id
    folder.mkdir(parents=True)
    run = checked(Run("deep_obfuscator", "tiny"))
    entry = {"method": run.method, "dataset": run.dataset, "knobs": run.knobs}
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
    ("state", "buttons"), [("stopped", {"Resume", "Remove from list"}), ("failed", {"Resume", "Remove from list"}),
                           ("finished", {"Remove from list"})]
)  # fmt: skip
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
