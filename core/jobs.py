"""Trainings as processes of their own, started from the app or a terminal.

A job is a folder `home()/jobs/<job_id>/` with `job.json` (what to do), `progress.json` (where it
is), `result.json` (how it ended) and `output.txt`. Jobs take turns, in the order they were started.
"""

import re
import secrets
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from core import background
from core.errors import PenumbraError, Stopped
from core.run import Run, home
from core.run_validation import from_dict
from core.storage import files, run_folder, training_log
from core.sweep import Measure

JOB_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
RECENT_ROWS = 400  # of a run's log, for the live chart


def folder(job_id: str) -> Path:
    """Folder of a job. Raises PenumbraError for an id that is none."""
    if not JOB_ID.fullmatch(job_id):
        raise PenumbraError(f"{job_id!r} is no job id")
    return home() / "jobs" / job_id


def start(
    runs: list[Run],
    device: str = "auto",
    evaluate: bool = True,
    explain: list[str] | None = None,
    measures: Mapping[str, Sequence[Measure]] | None = None,
) -> str:
    """Write a job for `core.sweep.sweep`, start its process; return its id at once."""
    if not runs:
        raise PenumbraError("choose at least one setting to train")
    job_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    job = {
        "runs": [asdict(run) for run in runs],
        "device": device,
        "evaluate": evaluate,
        "explain": explain,
        "measures": measures or {},
        "created": time.time(),
    }
    files.write_json(folder(job_id) / "job.json", job)
    _launch(job_id)
    return job_id


def resume(job_id: str) -> None:
    """Go on with a stopped or failed job; what is finished is not done again."""
    if _process(job_id) is not None:
        raise PenumbraError("this job is still running")
    files.read_json(folder(job_id) / "job.json")
    (folder(job_id) / "result.json").unlink(missing_ok=True)
    _launch(job_id)


def stop(job_id: str) -> None:
    """Ask the job's process to save and end. Returns at once; `list_jobs` shows when it has."""
    process = _process(job_id)
    if process is not None:
        process.send_signal(signal.SIGTERM)


def delete(job_id: str) -> None:
    """Remove a job from the list. Finished runs stay; raises PenumbraError while it runs."""
    if _process(job_id) is not None:
        raise PenumbraError("stop the job before you delete it")
    shutil.rmtree(folder(job_id))


def list_jobs() -> list[dict[str, Any]]:
    """All jobs, newest first: job_id, created (seconds since 1970), runs (list of dicts), run_ids,
    device, evaluate, state (queued | running | stopped | failed | finished), index and run_id of
    the current run, phase (train | evaluate | explain), stage, step, steps, attack (its name),
    attacks_done, attacks, eta_seconds (None when nothing is known yet), losses (recent log rows),
    message."""
    root = home() / "jobs"
    names = sorted((p.name for p in root.iterdir()), reverse=True) if root.is_dir() else []
    return [describe(name) for name in names if JOB_ID.fullmatch(name)]


def describe(job_id: str) -> dict[str, Any]:
    described: dict[str, Any] = dict.fromkeys(("run_id", "phase", "stage", "attack", "eta_seconds"))
    described |= {"job_id": job_id, "created": 0.0, "device": "auto", "evaluate": True}
    described |= {"runs": [], "run_ids": [], "losses": [], "message": "", "seconds_left": None}
    described |= dict.fromkeys(("index", "step", "steps", "attacks_done", "attacks"), 0)
    try:
        job = files.read_json(folder(job_id) / "job.json")
        described |= {name: job[name] for name in ("runs", "device", "evaluate", "created")}
        runs = [from_dict(entry) for entry in job["runs"]]
        if not runs:
            raise PenumbraError("it names no run")
    except (PenumbraError, KeyError, TypeError) as error:
        return described | {"state": "failed", "message": f"the job's file is damaged: {error}"}
    described["run_ids"] = [run.id for run in runs]
    progress = _optional(folder(job_id) / "progress.json")
    described |= {name: value for name, value in progress.items() if name in described}
    described |= _state(job_id, bool(progress.get("working")))
    current = next((run for run in runs if run.id == described["run_id"]), runs[0])
    log = training_log.read(current.folder, RECENT_ROWS)
    if rows := [row for row in log if "phase" in row]:
        last = rows[-1]
        described |= {"losses": rows, "stage": last.get("stage"), "step": last.get("step", 0) + 1}
        described["steps"] = last.get("steps", 0)
    if described["state"] == "running":
        described["eta_seconds"] = _seconds_left(runs, described)
    return described


def _state(job_id: str, working: bool) -> dict[str, str]:
    """state and, of a job that has ended, message."""
    if _process(job_id) is not None:
        return {"state": "running" if working else "queued"}
    result = _optional(folder(job_id) / "result.json")
    if not result:
        message = "the process ended without a word (killed, or out of memory)"
        return {"state": "stopped", "message": message}
    ended = result.get("state")
    return {
        "state": ended if ended in ("finished", "failed") else "stopped",
        "message": str(result.get("message", "")),
    }


def work(job_id: str) -> int:
    """The job's process: wait for its turn, sweep, write how it ended. Returns the exit status."""
    from core.sweep import sweep

    place = folder(job_id)
    job = files.read_json(place / "job.json")
    runs = [from_dict(entry) for entry in job["runs"]]
    told = job.get("measures", {})  # jobs of before have none
    measures = {run_id: [Measure(*each) for each in of_run] for run_id, of_run in told.items()}

    def report(progress: dict[str, Any]) -> None:
        files.write_json(place / "progress.json", progress | {"working": True})

    def end(state: str, message: str) -> None:
        files.write_json(place / "result.json", {"state": state, "message": message})

    def ask_to_stop(number: int, frame: Any) -> None:
        raise Stopped("stopped before its turn came, or between two parts")

    signal.signal(signal.SIGTERM, ask_to_stop)
    try:
        with FileLock(home() / "jobs" / ".turn"):
            explain = job.get("explain")
            about = (runs, job["device"], job["evaluate"], False, report)
            failures = sweep(*about, explain=explain, measures=measures)
    except Stopped as stopped:
        end("stopped", str(stopped))
        return 0
    except Exception as error:
        end("failed", f"{type(error).__name__}: {error}")
        raise
    end("failed" if failures else "finished", "; ".join(failures))
    return 1 if failures else 0


def _launch(job_id: str) -> None:
    place = folder(job_id)
    (place / "progress.json").unlink(missing_ok=True)
    background.launch(place, ["work", job_id])


def _process(job_id: str) -> psutil.Process | None:
    return background.living(folder(job_id))


def _optional(path: Path) -> dict[str, Any]:
    """A JSON object, or {} where there is none yet or it is damaged."""
    try:
        return files.read_json(path)
    except PenumbraError:
        return {}


def _seconds_left(runs: list[Run], described: dict[str, Any]) -> float | None:
    """Of the attacks on this run by what they took others, else of the trainings by the current
    one's own pace; None where nothing is known yet."""
    if described["phase"] == "evaluate":
        return described["seconds_left"]
    if described["phase"] != "train" or not described["losses"]:
        return None
    done, steps = described["step"], described["steps"]
    seconds = described["losses"][-1].get("seconds", 0.0)
    if not seconds or done < 2:
        return None
    waiting = (run_folder.state(run.folder) for run in runs[described["index"] + 1 :])
    left = sum(state != "finished" for state in waiting)
    return seconds / done * (steps - done + left * steps)
