"""What trainings would take, by what finished ones took here."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import results
from core.run import Run
from core.storage import attack_folders, run_folder, training_log


def estimate(runs: Sequence[Run]) -> dict[str, Any]:
    """What runs would take, from what finished runs of the same method and preset took here:
    "seconds", "training" (of these, without attacks), "megabytes" (None where there is none to go
    by), "examples" (how many there are),
    "dataset" (whose; None for several), "devices" (in words), "trimmed" (whether some of them have
    lost what only a training needs, so that fresh ones are larger).

    The examples are those of the run's data set where there are any. Their median counts.
    """
    known = results.runs()
    known = known[known["state"] == "finished"]
    seconds, training, size = 0.0, 0.0, 0.0
    used: dict[str, dict[str, Any]] = {}
    for run in runs:
        alike = known[(known["method"] == run.method) & (known["preset"] == run.preset)]
        nearest = alike[alike["dataset"] == run.dataset]
        rows = nearest if len(nearest) else alike
        if not len(rows):
            return {"seconds": None, "training": None, "megabytes": None, "examples": 0}
        for place, dataset in zip(rows["folder"], rows["dataset"], strict=True):
            if place not in used:
                used[place] = _example(Path(place)) | {"dataset": dataset}
        mine = [used[place] for place in rows["folder"]]
        seconds += statistics.median(example["seconds"] for example in mine)
        training += statistics.median(example["training"] for example in mine)
        size += statistics.median(example["megabytes"] for example in mine)
    datasets = {example["dataset"] for example in used.values()}
    return {
        "seconds": seconds if used else None,
        "training": training if used else None,
        "megabytes": size if used else None,
        "examples": len(used),
        "dataset": next(iter(datasets)) if len(datasets) == 1 else None,
        "devices": sorted({example["device"] for example in used.values()}),
        "trimmed": any(example["trimmed"] for example in used.values()),
    }


def _example(folder: Path) -> dict[str, Any]:
    record = run_folder.read_record(folder)
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    attacked = sum(map(attack_folders.seconds, attack_folders.all_finished(folder)))
    trained = float(record.get("seconds") or 0.0)
    return {
        "seconds": trained + attacked,
        "training": trained,
        "megabytes": sum(sizes) / 1e6,
        "device": str(record.get("device", "")),
        "trimmed": bool(record.get("left_out")) or not training_log.exists(folder),
    }
