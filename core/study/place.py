"""Where studies are kept, said without loading what opens it: most pages need no database."""

from __future__ import annotations

import os
from pathlib import Path

from core.run import home


def url() -> str:
    """`PENUMBRA_DATABASE`, or the file in this machine's own folder. May hold a password."""
    return os.environ.get("PENUMBRA_DATABASE") or f"sqlite:///{_file()}"


def likely() -> bool:
    """Whether there may be studies: a database is named, or the usual file is there."""
    return bool(os.environ.get("PENUMBRA_DATABASE")) or _file().is_file()


def _file() -> Path:
    return home() / "studies" / "studies.sqlite"
