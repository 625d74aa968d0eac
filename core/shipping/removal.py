"""Deleting a trained run: only what is one, only where it lies, never while somebody is at it."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import PenumbraError
from core.run import NAME, RUN_ID, checkpoints
from core.shipping import shipped
from core.storage import numbers_only


def is_shipped(folder: Path) -> bool:
    """Whether a run is one of those that come with Penumbra."""
    if numbers_only.is_declared(folder.parent):
        return True
    ids = (run.id for run in shipped.runs())
    return folder.parent.name == shipped.DATASET and folder.name in ids


def remove(dataset: str, run_id: str, shipped_too: bool = False) -> None:
    """Delete `checkpoints/<dataset>/<run_id>/` with all that was measured of it; the photographs
    stay.

    shipped_too   also a run that comes with Penumbra
    Raises PenumbraError where there is no such run, where it is shipped, a link, or being trained
    or attacked.
    """
    if not NAME.fullmatch(dataset) or not RUN_ID.fullmatch(run_id):
        raise PenumbraError("this is no name of a trained setting; reload the page")
    folder = checkpoints() / dataset / run_id
    if folder.is_symlink() or folder.parent.is_symlink():
        raise PenumbraError(f"{folder} is a link; remove it by hand where it lies")
    if not folder.is_dir():
        raise PenumbraError(f"{run_id} is not there any more; reload the page")
    if is_shipped(folder) and not shipped_too:
        raise PenumbraError(f"{run_id} comes with Penumbra; say that you mean it to delete it")
    places = folder.parent / ".locks"
    places.mkdir(exist_ok=True)
    try:
        # training, a sweep and an attack each hold one of these (`Run.lock`)
        with ExitStack() as held:
            known = {path.name for path in places.glob(f"{run_id}.*")}
            for name in sorted(known | {f"{run_id}.sweep", f"{run_id}.train"}):
                held.enter_context(FileLock(places / name, timeout=0))
            gone = folder.with_name(f".{run_id}.removed.{os.getpid()}")
            folder.rename(gone)  # at once, so that nothing ever shows half a run
            shutil.rmtree(gone)
    except Timeout as error:
        raise PenumbraError(f"{run_id} is being trained or attacked; stop that first") from error
    except OSError as error:
        raise PenumbraError(
            f"{folder} cannot be deleted ({error.strerror}); check its rights"
        ) from error
