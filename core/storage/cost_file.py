"""`cost.json` of a run: what its releases cost the device (`core.analysis.device_cost`)."""

from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.storage import files

NAME = "cost.json"
VERSION = 1
MOST = 1e18  # of whatever is counted or measured
RECORD = {  # of a run, beside "releases": field -> (type, whether it may be null)
    "run_id": (str, False),
    "machine": (str, False),
    "torch": (str, False),
    "threads": (int, False),
    "repeats": (int, False),
    "photograph": (str, False),
    "photograph_bytes": (int, False),
    "pixel_bytes": (int, False),
}
RELEASE = {  # of one value of the release-time knob
    "release_value": (float, True),
    "milliseconds": (float, False),
    "milliseconds_low": (float, False),
    "milliseconds_high": (float, False),
    "share_waited": (float, True),
    "peak_memory_bytes": (int, False),
    "parameters": (int, False),
    "weights_bytes": (int, False),
    "multiply_adds": (int, False),
    "released_numbers": (int, False),
    "released_bytes": (int, False),
    "released_bytes_float16": (int, False),
    "share_of_parameters": (float, True),
    "share_of_multiply_adds": (float, True),
}


def write(folder: Path, record: dict[str, Any]) -> None:
    files.write_json(folder / NAME, record)


def read(folder: Path | str) -> dict[str, Any] | None:
    """The fields of `RECORD`, and "releases": per value of the release-time knob a dict of
    `RELEASE`; None where the cost of the run was not measured.

    Raises PenumbraError when the file is damaged, of another version or of another run.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        return None
    again = f"measure again with python -m core cost {path.parent.name}"
    record = files.read_json(path, again)
    if record.get("version") != VERSION or record.get("run_id") != path.parent.name:
        raise PenumbraError(f"{path} is of another version of Penumbra or of another run; {again}")
    releases = record.get("releases")
    if not isinstance(releases, list) or not releases:
        raise PenumbraError(f"{path} holds no releases; {again}")
    for fields, entry in ((RECORD, record), *((RELEASE, release) for release in releases)):
        for name, (kind, nullable) in fields.items():
            value = entry.get(name) if isinstance(entry, dict) else ...
            if not (nullable if value is None else _fits(value, kind)):
                raise PenumbraError(f"{path}: {name} is damaged; {again}")
    return record


def rows(folder: Path | str) -> list[dict[str, Any]]:
    """`read` as one flat row per value of the release-time knob; [] where nothing was measured."""
    record = read(folder) or {"releases": []}
    common = {name: record.get(name) for name in RECORD}
    return [
        common | {name: release.get(name) for name in RELEASE} for release in record["releases"]
    ]


def _fits(value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and len(value) <= 200
    allowed = (int,) if kind is int else (int, float)
    return type(value) in allowed and 0 <= value < MOST
