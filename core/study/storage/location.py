"""Where studies are kept, said without loading what opens it: most pages need no database."""

import os
from pathlib import Path

from core.run import home


def url() -> str:
    """`PENUMBRA_DATABASE`, or the file in this machine's own folder. May hold a password."""
    return os.environ.get("PENUMBRA_DATABASE") or f"sqlite:///{home()}/studies/studies.sqlite"


def exists() -> bool:
    """Whether there may be studies: pages that only look make no file and ask no server."""
    kind, _, path = url().partition(":///")
    return not kind.startswith("sqlite") or Path(path.partition("?")[0]).expanduser().is_file()
