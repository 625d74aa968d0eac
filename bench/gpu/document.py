"""The figures of `bench.on_gpu` for people: a line, a summary, and `docs/gpu.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Figures = dict[str, Any]


def line(name: str, found: Figures) -> str:
    parts = [f"{name} ({found['part_seconds']} s)"]
    for stage in _stages(found):
        parts.append(f"{stage['stage']} {stage['images_per_second']:,.0f} images/s")
    if "passed" in found:
        parts.append(", ".join(f"{len(found[k])} {k}" for k in ("passed", "failed", "skipped")))
        parts += [f"FAILED {one['test']}: {one['message']}" for one in found["failed"]]
    if "seconds_per_epoch" in found:
        parts.append(f"{found['seconds_per_epoch']:.2f} s an epoch")
    if "device" in found:
        parts.append(f"{found['device']}, torch {found['torch']}, CUDA {found['cuda']}")
    parts += [f"missing: {package}" for package in found.get("missing", [])]
    if "failure" in found:
        parts.append(f"FAILED {_why(found)}")
    return "; ".join(parts)


def summary(figures: Figures) -> str:
    problems = list(not_done(figures))
    done = sum("failure" not in found for found in figures["parts"].values())
    head = f"{done} parts done in {figures.get('seconds', 0)} s"
    return "\n".join([head, *(f"could not: {problem}" for problem in problems)])


def not_done(figures: Figures) -> Iterator[str]:
    for name, found in figures["parts"].items():
        if "failure" in found:
            yield f"{name}: {_why(found)}"
        for one in found.get("failed", []):
            yield f"{name}, {one['test']}: {one['message']}"
    for name in figures["left_out"]:
        yield f"{name}: no time left"


def written(figures: Figures) -> str:
    parts = figures["parts"]
    blocks = [
        "# Penumbra on a GPU",
        "Written by `bench.on_gpu` from the figures of one run; nothing here is copied by hand. "
        "To measure it again on a machine with a CUDA device (no network and no display needed):",
        "```bash\npython -m bench.on_gpu --out figures --minutes 9\n"
        "python -m bench.on_gpu --document figures/figures.json   # writes this page\n```",
        *_environment(parts.get("environment", {})),
        *_tests(parts.get("tests")),
        *_trainings(parts),
        *_attacks(parts),
    ]
    if problems := list(not_done(figures)):
        blocks += ["## What could not be done", "\n".join(f"- {p}" for p in problems)]
    return "\n\n".join(blocks) + "\n"


def _environment(found: Figures) -> Iterator[str]:
    rows = [
        ("device", found.get("device")),
        ("device memory", _gibibytes(found.get("memory_bytes"))),
        ("driver", found.get("driver")),
        ("CUDA, cuDNN", f"{found.get('cuda')}, {found.get('cudnn')}"),
        ("PyTorch", found.get("torch")),
        ("Python", found.get("python")),
        ("processor cores", found.get("cores")),
        ("fingerprint of the code in core/", found.get("code", "")[:12]),
        ("repeatable kernels asked for", _yes(found.get("deterministic"))),
        ("TF32 in convolutions", _yes(found.get("tf32_convolutions"))),
        ("TF32 in matrix products", _yes(found.get("tf32_matrix_products"))),
        ("packages that were missing", ", ".join(found.get("missing", [])) or "none"),
    ]
    yield _table(("", "measured on"), [row for row in rows if row[1] is not None])


def _tests(found: Figures | None) -> Iterator[str]:
    if not found or "passed" not in found:
        return
    yield "## Tests that need a GPU"
    counts = ", ".join(f"{len(found[k])} {k}" for k in ("passed", "failed", "skipped"))
    yield f"`python -m pytest -m cuda`: {counts}."


def _trainings(parts: dict[str, Figures]) -> Iterator[str]:
    rows, odd, untrained, notes = [], set(), [], set()
    for name, found in parts.items():
        if "modes" not in found:
            continue
        method = name.removeprefix("training ")
        if not _stages(found) and "failure" not in found:
            untrained.append(f"`{method}`")
        notes |= {f"`{method}`: {note}." for note in found.get("notes", {}).values()}
        for mode, measured in found["modes"].items():
            for stage in measured["stages"]:
                odd |= set(stage["not_repeatable"])
                times = stage.get("milliseconds", {})
                rows.append(
                    (
                        f"`{method}`",
                        f"{found['width']}×{found['height']}",
                        f"{found['parameters'] / 1e6:.1f}",
                        mode,
                        stage["stage"],
                        stage["batch"],
                        f"{stage['images_per_second']:,.0f}",
                        f"{stage['images_per_second_low']:,.0f} to {stage['images_per_second_high']:,.0f}",
                        _number(stage.get("images_per_second_bare")),
                        _gibibytes(stage.get("peak_allocated_bytes")),
                        _gibibytes(stage.get("peak_reserved_bytes")),
                        ", ".join(f"{phase} {ms:.1f}" for phase, ms in times.items()),
                    )
                )
    if not rows:
        return
    presets = {found.get("preset") for found in parts.values()}
    preset = "paper" if "paper" in presets else "compact"
    yield "## Training"
    yield (
        "Steps by the training loop's own code on random photographs that lie on the device. Images "
        "per second are the median of up to five blocks of steps, with the slowest and the fastest "
        "block beside it, and the same for the stage's networks and losses alone, on one batch that "
        "is drawn beforehand. Memory is the most that PyTorch had in use and had reserved."
    )
    yield _table(
        (
            f"method, {preset} preset",
            "pixels",
            "million parameters",
            "computing",
            "stage",
            "batch",
            "images/s",
            "blocks",
            "bare images/s",
            "memory used",
            "reserved",
            "ms per step, by phase",
        ),
        rows,
    )
    if notes:
        yield " ".join(sorted(notes))
    if untrained:
        yield f"Nothing is trained in {', '.join(untrained)}."
    if odd:
        yield f"PyTorch has no repeatable kernel for: {', '.join(f'`{o}`' for o in sorted(odd))}."


def _attacks(parts: dict[str, Figures]) -> Iterator[str]:
    attacks = {n: f for n, f in parts.items() if n.startswith("attack ") and "releases" in f}
    if not attacks:
        return
    first = next(iter(attacks.values()))
    shape = "×".join(str(side) for side in first["release_shape"])
    yield "## Strict attacks"
    yield (
        f"On {first['releases']:,} releases of {shape} numbers, which DeepObfuscator's networks "
        f"({first['preset']} preset, not trained) make of photographs: {first['photographs']}. Each "
        "attack runs until it stops by itself (one without a total had not when its time was over), with "
        "its networks in bfloat16 as always on a GPU; an epoch includes the look at the validation "
        "photographs."
    )
    yield _table(
        ("attack", "s to release", "epochs", "s per epoch", "s in all", "memory used", "reserved"),
        [
            (
                f"`{name.removeprefix('attack ')}`",
                _number(found["seconds_to_release"], 1),
                found.get("epochs", "–"),
                _number(found.get("seconds_per_epoch"), 2),
                _number(found.get("seconds"), 1),
                _gibibytes(found.get("peak_allocated_bytes")),
                _gibibytes(found.get("peak_reserved_bytes")),
            )
            for name, found in attacks.items()
        ],
    )


def _stages(found: Figures) -> list[Figures]:
    return [stage for mode in found.get("modes", {}).values() for stage in mode["stages"]]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in cells)} |" for cells in lines)


def _why(found: Figures) -> str:
    return f"{found['failure']['type']}: {found['failure']['message']}"


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _gibibytes(value: int | None) -> str:
    return "–" if value is None else f"{value / 2**30:.1f} GiB"


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
