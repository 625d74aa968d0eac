"""Jobs: real processes, read from files; stop, resume, queue, crash."""

import os
import signal

import psutil
import pytest

from core import jobs
from core.analysis import training_time
from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.storage import files
from core.storage.run_folder import state
from core.sweep import Measure
from tests.tiny_folder import register_tiny_folder
from tests.waiting import until

SHORT = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 2, "batch_size": 8}
LONG = SHORT | {"adversarial_epochs": 100000}


@pytest.fixture(scope="module", autouse=True)
def folders(tmp_path_factory):
    """Folders that all jobs here share, and with them their pretraining."""
    place = tmp_path_factory.mktemp("jobs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
        patch.setenv("PENUMBRA_HOME", str(place / "home"))
        patch.setenv("PENUMBRA_THREADS", "1")
        register_tiny_folder(place / "photographs")
        yield


@pytest.fixture(autouse=True)
def ended():
    """No job goes on after its test."""
    yield
    for job in jobs.list_jobs():
        jobs.stop(job["job_id"])
        wait(job["job_id"], lambda j: j["state"] not in ("running", "queued"))


@pytest.fixture(scope="module")
def finished(folders):
    """(run, id of the job that trained it)."""
    run = a_run(SHORT)
    with pytest.MonkeyPatch.context() as patch:
        status, job_id = worked_here(patch, run)
    assert status == 0
    return run, job_id


def wait(job_id, condition):
    def met():
        job = jobs.describe(job_id)
        return job if condition(job) else None

    return until(met, lambda: f"job never got there: {jobs.describe(job_id)}")


def a_run(schedule, seed=0):
    return checked(Run("deep_obfuscator", "tiny", schedule=schedule, seed=seed))


def worked_here(monkeypatch, *runs, **options):
    """(exit status, id) of a job that this process does itself."""
    monkeypatch.setattr(jobs, "_launch", lambda job_id: None)
    job_id = jobs.start(list(runs), device="cpu", evaluate=False, **options)
    before = signal.getsignal(signal.SIGTERM)
    try:
        return jobs.work(job_id), job_id
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_job_trains_and_finishes(finished):
    run, job_id = finished
    job = jobs.describe(job_id)
    assert job["state"] == "finished", job["message"]
    assert state(run.folder) == "finished"
    assert job["step"] == job["steps"] > 0
    assert {"task", "attribute"} <= set().union(*job["losses"])


def test_jobs_take_turns_stop_go_on_and_may_be_killed():
    run = a_run(LONG)
    job_id = jobs.start([run], device="cpu", evaluate=False)
    job = wait(job_id, lambda j: j["state"] == "running" and j["stage"] == "adversarial")
    assert jobs._process(job_id).pid != os.getpid()
    second = jobs.start([a_run(SHORT, seed=1)], device="cpu", evaluate=False)
    assert jobs.describe(second)["state"] == "queued"
    jobs.stop(second)
    wait(second, lambda j: j["state"] == "stopped")
    assert jobs.describe(job_id)["state"] == "running"
    jobs.delete(second)
    listed = [job["job_id"] for job in jobs.list_jobs()]
    assert job_id in listed
    assert second not in listed

    jobs.stop(job_id)
    stopped = wait(job_id, lambda j: j["state"] == "stopped")
    assert "stopped at step" in stopped["message"]
    assert (run.folder / "state.json").is_file()
    jobs.resume(job_id)
    again = wait(job_id, lambda j: j["state"] == "running" and j["step"] > stopped["step"] + 5)
    assert again["step"] > job["step"]
    with pytest.raises(PenumbraError, match="still running"):
        jobs.resume(job_id)
    with pytest.raises(PenumbraError, match="stop the job"):
        jobs.delete(job_id)

    os.kill(jobs._process(job_id).pid, signal.SIGKILL)
    assert "killed" in wait(job_id, lambda j: j["state"] == "stopped")["message"]


def test_a_job_measures_what_it_was_told_to(finished, monkeypatch):
    run, _ = finished
    asked = []
    monkeypatch.setattr(
        "core.evaluate.evaluate",
        lambda folder, **about: asked.append((about["protocol"], about["attacks"])),
    )
    measures = {run.id: (Measure("paper", ("urec1",)), Measure("strict", ("urec1", "cnn")))}
    monkeypatch.setattr(jobs, "_launch", lambda job_id: None)
    job_id = jobs.start([run], device="cpu", explain=[], measures=measures)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert jobs.work(job_id) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert asked == [("paper", ["urec1"]), ("strict", ["urec1", "cnn"])]


def test_a_failing_run_says_why(monkeypatch):
    run = checked(Run("deep_obfuscator", "tiny", private=("Bald",), schedule=SHORT))
    status, job_id = worked_here(monkeypatch, run)
    job = jobs.describe(job_id)
    assert (status, job["state"]) == (1, "failed")
    assert "no attribute 'Bald'" in job["message"]


def test_a_process_number_given_to_somebody_else_is_not_our_job(finished):
    _, job_id = finished
    own = psutil.Process()
    signed = {"pid": own.pid, "started": own.create_time() - 100}
    files.write_json(jobs.folder(job_id) / "process.json", signed)
    assert jobs.describe(job_id)["state"] == "finished"


@pytest.mark.parametrize("bad", ["../../etc", "", "20260101-000000-zzzzzz", "a/b"])
def test_foreign_job_ids_are_refused(bad):
    with pytest.raises(PenumbraError, match="no job id"):
        jobs.folder(bad)


def test_damaged_job_files_are_told_not_raised(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path))
    place = jobs.folder("20260101-000000-abcdef")
    place.mkdir(parents=True)
    (place / "job.json").write_text("[1, 2")
    (job,) = jobs.list_jobs()
    assert job["state"] == "failed"
    assert "damaged" in job["message"]


def test_an_estimate_comes_from_finished_runs_or_is_unknown(finished, tmp_path, monkeypatch):
    run, _ = finished
    estimate = training_time.estimate([run, a_run(SHORT, seed=3)])
    assert estimate["seconds"] >= estimate["training"] > 0
    assert estimate["megabytes"] > 0.3
    assert (estimate["examples"], estimate["dataset"]) == (1, "tiny")
    assert not estimate["trimmed"]
    nothing = {"seconds": None, "training": None, "megabytes": None, "examples": 0}
    more = {"dataset": None, "devices": [], "trimmed": False}
    assert training_time.estimate([]) | {"devices": []} == nothing | more
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    assert training_time.estimate([run]) == nothing


def test_a_job_may_explain_alone(monkeypatch):
    """What a page asks for: a finished run is not attacked again."""
    called = {}
    monkeypatch.setattr("core.sweep.sweep", lambda *given, **options: called.update(options) or [])
    status, _ = worked_here(monkeypatch, a_run(SHORT), explain=["attention"])
    assert status == 0
    assert called == {"explain": ["attention"], "measures": {}}
