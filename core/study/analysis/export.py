"""A study's answers as files that somebody else can analyse: the answers, what every column means,
and what was asked of whom.

Who withdrew is not in the database any more, so not in the files. What people were called on a
panel lies apart from what they answered, and is handed out apart, with nothing that joins the two.
"""

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import select

from core.errors import PenumbraError
from core.run import code_fingerprint
from core.storage import files as checkpoint
from core.storage.csv_export import as_csv
from core.study.analysis import results
from core.study.analysis.results import COLUMNS
from core.study.storage import database
from core.study.storage.tables import panel_ids as names
from core.study.storage.tables import participants, studies
from core.study.studies import counted

FORMATS = ("csv", "parquet")
PACKAGES = ("pandas", "numpy", "scipy", "sqlalchemy")
HOUR = 3600
# What the file says otherwise than `core.study.analysis.results.COLUMNS`.
ROUNDED = (
    "the hour in which the answer arrived, so that nobody who knows when somebody took part finds "
    "their answers; empty where nothing was answered"
)


def export(
    study_id: str, folder: Path | str, format: str = "csv", simulated: bool = False
) -> list[Path]:
    """Write `files` into `folder`, each whole or not at all; the paths, answers first. Raises
    PenumbraError where the study, the format or the folder is not what it should be."""
    place = Path(folder).expanduser()
    paths = []
    for name, content in files(study_id, format, simulated).items():
        try:
            checkpoint.write_bytes(place / name, content)
        except OSError as error:
            raise PenumbraError(
                f"{place / name} cannot be written ({error.strerror}); the answers are still in the "
                "database: choose another folder"
            ) from error
        paths.append(place / name)
    return paths


def files(study_id: str, format: str = "csv", simulated: bool = False) -> dict[str, bytes]:
    """File name -> content of everything that is known of a study but panel ids:

    answers     `core.study.analysis.results.answers` as CSV or Parquet, times of day rounded to the hour
    columns     `dictionary` as CSV
    study.json  `about` it
    """
    if format not in FORMATS:
        raise PenumbraError(f"answers are exported as {' or '.join(FORMATS)}, not {format!r:.20}")
    table = results.answers(study_id, simulated)
    table["answered"] = table["answered"] // HOUR * HOUR  # a panel knows who took part when
    start = f"study-{study_id}" + "-simulated" * simulated
    written = as_csv(table) if format == "csv" else table.to_parquet(index=False)
    whose = "simulated" if simulated else "people"
    record = about(study_id) | {"answers_of": whose, "rows": len(table)}
    return {
        f"{start}-answers.{format}": written,
        f"{start}-columns.csv": as_csv(dictionary()),
        f"{start}-study.json": (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode(),
    }


def dictionary() -> pd.DataFrame:
    """What every column of the exported answers is: column, type, unit, meaning."""
    rows = [(name, *column) for name, column in COLUMNS.items()]
    table = pd.DataFrame(rows, columns=["column", "type", "unit", "meaning"])
    table.loc[table["column"] == "answered", "meaning"] = ROUNDED
    return table


def about(study_id: str) -> dict[str, Any]:
    """The design, how many took part, and what wrote this down."""
    with database.reading() as connection:
        results.known(connection, study_id)
        study = connection.execute(select(studies).where(studies.c.id == study_id)).mappings().one()
        people, simulated = counted(connection, [study_id])[study_id]
    return {
        "study": study_id,
        "title": study["title"],
        "state": study["state"],
        "created": _time(study["created"]),
        "exported": _time(datetime.now(UTC).timestamp()),
        "seed": study["seed"],
        "withdrawn": study["withdrawn"],
        "people": {"began": people[0], "finished": people[1]},
        "simulated": {"began": simulated[0], "finished": simulated[1]},
        "design": study["design"],
        "made_by": {
            "software": "Penumbra",
            "code": code_fingerprint(),
            "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in PACKAGES},
        },
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def panel_ids(study_id: str) -> pd.DataFrame:
    """Whom a panel sent: panel_id, finished (true or false), in alphabetical order. Neither a
    participant's number nor a time is in it: it cannot be joined to the answers."""
    with database.reading() as connection:
        results.known(connection, study_id)
        query = (
            select(names.c.panel_id, participants.c.finished.is_not(None).label("finished"))
            .join_from(names, participants, names.c.participant_id == participants.c.id)
            .where(names.c.study_id == study_id)
        )
        rows = [(row.panel_id, bool(row.finished)) for row in connection.execute(query)]
    return pd.DataFrame(sorted(rows), columns=["panel_id", "finished"])
