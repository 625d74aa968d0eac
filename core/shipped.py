"""The checkpoints that come with Penumbra, and how they are made.

`python -m core shipped` trains and measures all of them on the embedded synthetic faces, then drops
what only a training needs. On two cores give it `--workers 2`. It can be stopped and given again.
"""

from __future__ import annotations

from pathlib import Path

from core import checkpoint
from core.results import run_folders
from core.run import Run
from core.sweep import grid, sweep

DATASET = "synthetic"
# lambda1 over its whole grid; of lambda2 the two ends (all together stay under 8 MB).
SETTINGS = ({"lambda1": (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)}, {"lambda2": (0.0, 10.0)})
BASELINES = ("original", "answer_only", "image_noise", "random_replace", "blur", "pixelate")
# Networks that only the training needed: the paper-protocol numbers they give are in the findings.
LEFT_OUT = ("adversary_classifier",)


def runs() -> list[Run]:
    """The baselines, and DeepObfuscator over `SETTINGS` with the other knob at its default;
    Smiling is the task, Male private, compact preset."""
    found = [
        run
        for name in BASELINES
        for run in grid(name, DATASET, "compact", ("Smiling",), ("Male",), {})
    ]
    for knobs in SETTINGS:
        found += grid("deep_obfuscator", DATASET, "compact", ("Smiling",), ("Male",), knobs)
    return list({run.id: run for run in found}.values())


def build(device: str) -> int:
    """Train and measure every shipped run; returns the exit status."""
    failures = sweep(runs(), device)
    return 1 if failures else trim()


def trim(root: Path | None = None) -> int:
    """Remove from finished shipped runs what only their training needed. Returns 0."""
    wanted = {run.id for run in runs()}
    for folder in run_folders(root):
        if folder.name not in wanted or not (folder / "done").is_file():
            continue
        record = checkpoint.read_json(folder / "run.json")
        tensors = checkpoint.load_tensors(folder / "weights.safetensors", record["weights_sha256"])
        kept = {n: t for n, t in tensors.items() if n.split("/")[0] not in LEFT_OUT}
        if len(kept) < len(tensors):
            (folder / "done").unlink()  # a kill before the last line: it is trained again
            record["left_out"] = list(LEFT_OUT)
            record["weights_sha256"] = checkpoint.save_tensors(folder / "weights.safetensors", kept)
            checkpoint.write_json(folder / "run.json", record)
            checkpoint.write_bytes(folder / "done", b"")
        (folder / "log.jsonl").unlink(missing_ok=True)
    return 0
