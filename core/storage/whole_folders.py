"""Folders that are there whole or not at all: their last file is `done`."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from core.storage import files

DONE = "done"


def is_done(folder: Path) -> bool:
    return (folder / DONE).is_file()


def mark_done(folder: Path, note: str = "") -> None:
    files.write_bytes(folder / DONE, note.encode())


@contextmanager
def taken(folder: Path, lock: Path, made: Callable[[], bool] | None = None) -> Iterator[bool]:
    """Whether it falls to this process to make a folder: no other one holds its lock, or has made it
    by now. `made` says so where that takes more than `is_done`."""
    held = FileLock(lock)
    with suppress(Timeout):
        held.acquire(timeout=0)
    try:
        yield held.is_locked and not (made() if made else is_done(folder))
    finally:
        held.release()


@contextmanager
def written_whole(target: Path, note: str = "") -> Iterator[Path]:
    """An empty folder to write into, which then takes the place of `target` and is marked done. A
    kill at any moment leaves nothing that counts as done."""
    partial = target.with_name(f".{target.name}.part")
    for old in (partial, target):
        if old.exists():
            shutil.rmtree(old)
    partial.mkdir(parents=True)
    yield partial
    partial.rename(target)
    mark_done(target, note)
