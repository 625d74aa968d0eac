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
from core.storage.run_folder import state
from tests.tiny_folder import register_tiny_folder
from tests.waiting import until

SHORT = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 2, "batch_size": 8}
LONG = SHORT | {"adversarial_epochs": 100000}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PENUMBRA_THREADS", "1")
    register_tiny_folder(tmp_path / "photographs")
    yield
    for job in jobs.list_jobs():
        jobs.stop(job["job_id"])
        wait(job["job_id"], lambda j: j["state"] not in ("running", "queued"))


def wait(job_id, condition):
    def met():
        job = jobs.describe(job_id)
        return job if condition(job) else None

    return until(met, lambda: f"job never got there: {jobs.describe(job_id)}")


def a_run(schedule, seed=0):
    return checked(Run("deep_obfuscator", "tiny", schedule=schedule, seed=seed))


def test_a_job_trains_in_its_own_process_and_finishes():
    run = a_run(SHORT)
    job_id = jobs.start([run], device="cpu", evaluate=False)
    job = wait(job_id, lambda j: j["state"] in ("finished", "failed"))
    assert job["state"] == "finished", job["message"]
    assert state(run.folder) == "finished"
    assert job["step"] == job["steps"] > 0
    assert {"task", "attribute"} <= set().union(*job["losses"])


def test_stop_saves_and_resume_goes_on():
    run = a_run(LONG)
    job_id = jobs.start([run], device="cpu", evaluate=False)
    job = wait(job_id, lambda j: j["state"] == "running" and j["stage"] == "adversarial")
    jobs.stop(job_id)
    stopped = wait(job_id, lambda j: j["state"] == "stopped")
    assert "stopped at step" in stopped["message"]
    assert (run.folder / "state.json").is_file()
    jobs.resume(job_id)
    again = wait(job_id, lambda j: j["state"] == "running" and j["step"] > stopped["step"] + 20)
    assert again["step"] > job["step"]
    with pytest.raises(PenumbraError, match="still running"):
        jobs.resume(job_id)
    with pytest.raises(PenumbraError, match="stop the job"):
        jobs.delete(job_id)


def test_jobs_take_turns_and_a_waiting_one_can_be_stopped():
    first = jobs.start([a_run(LONG)], device="cpu", evaluate=False)
    wait(first, lambda j: j["state"] == "running" and j["step"] > 0)
    second = jobs.start([a_run(SHORT, seed=1)], device="cpu", evaluate=False)
    assert jobs.describe(second)["state"] == "queued"
    jobs.stop(second)
    wait(second, lambda j: j["state"] == "stopped")
    assert jobs.describe(first)["state"] == "running"
    jobs.delete(second)
    assert [job["job_id"] for job in jobs.list_jobs()] == [first]


def test_a_killed_job_is_shown_as_stopped_with_a_reason():
    job_id = jobs.start([a_run(LONG)], device="cpu", evaluate=False)
    wait(job_id, lambda j: j["state"] == "running" and j["step"] > 0)
    os.kill(jobs._process(job_id).pid, signal.SIGKILL)
    job = wait(job_id, lambda j: j["state"] == "stopped")
    assert "killed" in job["message"]


def test_a_failing_run_says_why():
    run = checked(Run("deep_obfuscator", "tiny", private=("Bald",), schedule=SHORT))
    job = wait(
        jobs.start([run], device="cpu", evaluate=False),
        lambda j: j["state"] in ("failed", "finished"),
    )
    assert job["state"] == "failed"
    assert "no attribute 'Bald'" in job["message"]


def test_a_process_number_given_to_somebody_else_is_not_our_job(tmp_path):
    job_id = jobs.start([a_run(SHORT)], device="cpu", evaluate=False)
    wait(job_id, lambda j: j["state"] == "finished")
    from core.storage import files

    own = psutil.Process()
    files.write_json(
        jobs.folder(job_id) / "process.json", {"pid": own.pid, "started": own.create_time() - 100}
    )
    assert jobs.describe(job_id)["state"] == "finished"


@pytest.mark.parametrize("bad", ["../../etc", "", "20260101-000000-zzzzzz", "a/b"])
def test_foreign_job_ids_are_refused(bad):
    with pytest.raises(PenumbraError, match="no job id"):
        jobs.folder(bad)


def test_damaged_job_files_are_told_not_raised():
    place = jobs.folder("20260101-000000-abcdef")
    place.mkdir(parents=True)
    (place / "job.json").write_text("[1, 2")
    assert jobs.list_jobs()[0]["state"] == "failed"
    assert "damaged" in jobs.list_jobs()[0]["message"]


def test_an_estimate_comes_from_finished_runs_or_is_unknown():
    run = a_run(SHORT)
    assert training_time.estimate([run]) == {"seconds": None, "megabytes": None, "examples": 0}
    wait(jobs.start([run], "cpu", False), lambda j: j["state"] == "finished")
    estimate = training_time.estimate([run, a_run(SHORT, seed=3)])
    assert estimate["seconds"] > 0
    assert estimate["megabytes"] > 0.3
    assert (estimate["examples"], estimate["dataset"]) == (1, "tiny")
    assert not estimate["trimmed"]
    assert training_time.estimate([]) | {"devices": []} == {
        "seconds": None,
        "megabytes": None,
        "examples": 0,
        "dataset": None,
        "devices": [],
        "trimmed": False,
    }


def test_a_job_may_explain_alone(monkeypatch):
    """What a page asks for: a finished run is not attacked again."""
    called = {}
    monkeypatch.setattr("core.sweep.sweep", lambda *given, **options: called.update(options) or [])
    monkeypatch.setattr(jobs, "_launch", lambda job_id: None)
    job_id = jobs.start([a_run(SHORT)], device="cpu", evaluate=False, explain=["attention"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert jobs.work(job_id) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert called == {"explain": ["attention"]}
