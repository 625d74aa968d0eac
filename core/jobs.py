"""Trainings as processes of their own, started from the app or a terminal.

A job is a folder `home()/jobs/<job_id>/` with `job.json` (what to do), `progress.json` (where it
is), `result.json` (how it ended) and `output.txt`. Its state is read from these files and from
whether its process lives, so a page reload, a second tab or a crash loses nothing. Jobs take turns:
one works, the others wait in the order they were started.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import statistics
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from core import background
from core.errors import PenumbraError, Stopped
from core.run import Run, home, state
from core.run_validation import from_dict
from core.storage import files as checkpoint

JOB_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
RECENT_ROWS = 400  # of a run's log, for the live chart
FINAL = ("finished", "failed")


def folder(job_id: str) -> Path:
    """Folder of a job. Raises PenumbraError for an id that is none."""
    if not JOB_ID.fullmatch(job_id):
        raise PenumbraError(f"{job_id!r} is no job id")
    return home() / "jobs" / job_id


def start(
    runs: list[dict[str, Any]] | list[Run],
    device: str = "auto",
    evaluate: bool = True,
    explain: list[str] | None = None,
) -> str:
    """Check `runs`, write the job, start its process; return its id at once.

    explain  names of `core.explain.EXPLANATIONS` that are to be computed; by default all where
             `evaluate`, else none
    """
    checked_runs = [run if isinstance(run, Run) else from_dict(run) for run in runs]
    if not checked_runs:
        raise PenumbraError("choose at least one setting to train")
    job_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    job = {
        "runs": [json.loads(json.dumps(asdict(run))) for run in checked_runs],
        "device": device,
        "evaluate": evaluate,
        "explain": explain,
        "created": time.time(),
    }
    checkpoint.write_json(folder(job_id) / "job.json", job)
    _launch(job_id)
    return job_id


def resume(job_id: str) -> None:
    """Go on with a stopped or failed job; what is finished is not done again."""
    if _process(job_id) is not None:
        raise PenumbraError("this job is still running")
    checkpoint.read_json(folder(job_id) / "job.json")
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
    shutil.rmtree(folder(job_id), ignore_errors=False)


def list_jobs() -> list[dict[str, Any]]:
    """All jobs, newest first: job_id, created (seconds since 1970), runs (list of dicts), run_ids,
    device, evaluate, state (queued | running | stopped | failed | finished), index and run_id of
    the current run, phase (train | evaluate | explain), stage, step, steps, attack (its name), attacks_done,
    attacks, eta_seconds (None when nothing is known yet), losses (recent log rows), message."""
    root = home() / "jobs"
    names = sorted((p.name for p in root.iterdir()), reverse=True) if root.is_dir() else []
    return [describe(name) for name in names if JOB_ID.fullmatch(name)]


def describe(job_id: str) -> dict[str, Any]:
    """One job of `list_jobs`."""
    described: dict[str, Any] = {
        "job_id": job_id, "created": 0.0, "runs": [], "run_ids": [], "device": "auto",
        "evaluate": True, "index": 0, "run_id": None, "phase": None, "stage": None, "step": 0,
        "steps": 0, "attack": None, "attacks_done": 0, "attacks": 0, "seconds_left": None, "eta_seconds": None, "losses": [],
        "message": "",
    }  # fmt: skip
    try:
        job = checkpoint.read_json(folder(job_id) / "job.json")
        described |= {k: job[k] for k in ("runs", "device", "evaluate", "created")}
        job_runs = [from_dict(entry) for entry in job["runs"]]
        if not job_runs:
            raise PenumbraError("it names no run")
    except (PenumbraError, KeyError, TypeError) as error:
        return described | {"state": "failed", "message": f"the job's file is damaged: {error}"}
    described["run_ids"] = [run.id for run in job_runs]
    running = _process(job_id) is not None
    result = _optional(folder(job_id) / "result.json")
    progress = _optional(folder(job_id) / "progress.json")
    described |= {k: v for k, v in progress.items() if k in described}
    if running:
        described["state"] = "running" if progress.get("working") else "queued"
    elif result.get("state") in FINAL:
        described |= {"state": result["state"], "message": str(result.get("message", ""))}
    else:
        described |= {"state": "stopped", "message": str(result.get("message", ""))}
        if not result:
            described["message"] = "the process ended without a word (killed, or out of memory)"
    current = next((run for run in job_runs if run.id == described["run_id"]), job_runs[0])
    rows = [row for row in _tail(current.folder / "log.jsonl") if "phase" in row]
    if rows:
        last = rows[-1]
        described |= {"losses": rows, "stage": last.get("stage"), "step": last.get("step", 0) + 1}
        described["steps"] = last.get("steps", 0)
    if described["state"] == "running":
        described["eta_seconds"] = _remaining(job_runs, described)
    return described


def estimate(runs: list[dict[str, Any]] | list[Run]) -> dict[str, Any]:
    """What runs would take, from what finished runs of the same method and preset took here:
    "seconds", "megabytes" (None where there is none to go by), "examples" (how many there are),
    "dataset" (whose; None for several), "devices" (in words), "trimmed" (whether some of them have
    lost what only a training needs, so that fresh ones are larger).

    The examples are those of the run's data set where there are any. Their median counts.
    """
    from core import results

    job_runs = [run if isinstance(run, Run) else from_dict(run) for run in runs]
    known = results.runs()
    known = known[known["state"] == "finished"]
    seconds, size = 0.0, 0.0
    used: dict[str, dict[str, Any]] = {}
    for run in job_runs:
        alike = known[(known["method"] == run.method) & (known["preset"] == run.preset)]
        nearest = alike[alike["dataset"] == run.dataset]
        rows = nearest if len(nearest) else alike
        if not len(rows):
            return {"seconds": None, "megabytes": None, "examples": 0}
        for place, dataset in zip(rows["folder"], rows["dataset"], strict=True):
            if place not in used:
                used[place] = _example(Path(place)) | {"dataset": dataset}
        mine = [used[place] for place in rows["folder"]]
        seconds += statistics.median(example["seconds"] for example in mine)
        size += statistics.median(example["megabytes"] for example in mine)
    datasets = {example["dataset"] for example in used.values()}
    return {
        "seconds": seconds if used else None,
        "megabytes": size if used else None,
        "examples": len(used),
        "dataset": next(iter(datasets)) if len(datasets) == 1 else None,
        "devices": sorted({example["device"] for example in used.values()}),
        "trimmed": any(example["trimmed"] for example in used.values()),
    }


def _example(run_folder: Path) -> dict[str, Any]:
    record = checkpoint.read_json(run_folder / "run.json")
    files = [path.stat().st_size for path in run_folder.rglob("*") if path.is_file()]
    return {
        "seconds": _seconds(run_folder),
        "megabytes": sum(files) / 1e6,
        "device": str(record.get("device", "")),
        "trimmed": bool(record.get("left_out")) or not (run_folder / "log.jsonl").is_file(),
    }


def _seconds(run_folder: Path) -> float:
    """What training and measuring a finished run took."""
    total = float(checkpoint.read_json(run_folder / "run.json").get("seconds") or 0.0)
    for done in run_folder.glob("attacks/*/*/done"):
        text = done.read_text(errors="replace")[:20].strip()
        total += float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else 0.0
    return total


def work(job_id: str) -> int:
    """The job's process: wait for its turn, sweep, write how it ended. Returns the exit status."""
    from filelock import FileLock

    from core.sweep import sweep

    place = folder(job_id)
    job = checkpoint.read_json(place / "job.json")
    job_runs = [from_dict(entry) for entry in job["runs"]]

    def report(progress: dict[str, Any]) -> None:
        checkpoint.write_json(place / "progress.json", progress | {"working": True})

    def ask_to_stop(number: int, frame: Any) -> None:
        raise Stopped("stopped before its turn came, or between two parts")

    signal.signal(signal.SIGTERM, ask_to_stop)
    try:
        with FileLock(home() / "jobs" / ".turn"):
            failures = sweep(
                job_runs, job["device"], job["evaluate"], False, report, explain=job.get("explain")
            )
    except Stopped as stopped:
        checkpoint.write_json(place / "result.json", {"state": "stopped", "message": str(stopped)})
        return 0
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        checkpoint.write_json(place / "result.json", {"state": "failed", "message": message})
        raise
    result = {"state": "failed" if failures else "finished", "message": "; ".join(failures)}
    checkpoint.write_json(place / "result.json", result)
    return 1 if failures else 0


def _launch(job_id: str) -> None:
    place = folder(job_id)
    (place / "progress.json").unlink(missing_ok=True)
    background.launch(place, ["work", job_id])


def _process(job_id: str) -> psutil.Process | None:
    """The job's living process."""
    return background.living(folder(job_id))


def _optional(path: Path) -> dict[str, Any]:
    """A JSON object, or {} where there is none yet or it is damaged."""
    try:
        return checkpoint.read_json(path)
    except PenumbraError:
        return {}


def _tail(path: Path, rows: int = RECENT_ROWS) -> list[dict[str, Any]]:
    """The last rows of a log without reading the whole of it."""
    if not path.is_file():
        return []
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - rows * 400))
        lines = file.read().decode(errors="replace").splitlines()[-rows:]
    found = []
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue  # a line cut at either end
        if isinstance(row, dict):
            found.append(row)
    return found


def _remaining(job_runs: list[Run], described: dict[str, Any]) -> float | None:
    """Seconds left: of the attacks on this run by what they took others, else of the trainings by
    the current one's own pace."""
    if described["phase"] == "evaluate":
        return described["seconds_left"]
    if described["phase"] != "train" or not described["losses"]:
        return None
    last = described["losses"][-1]
    done, steps = last.get("step", 0) + 1, last.get("steps", 0)
    seconds = last.get("seconds", 0.0)
    if not seconds or done < 2:
        return None
    pace = seconds / done
    left = sum(1 for run in job_runs[described["index"] + 1 :] if state_of(run) != "finished")
    return pace * (steps - done) + left * pace * steps


def state_of(run: Run) -> str:
    """`core.run.state` of a run that may have no folder yet."""
    return state(run.folder) if run.folder.is_dir() else "empty"
