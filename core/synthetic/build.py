"""Build a set of synthetic faces on disk: several processes, resumable, the same from one seed.

A built set is a folder with

- `images.zip`: stored (not compressed) members `<identity>_<image>.webp`;
- `labels.csv`: columns image, identity, the attributes as 0/1, and `meta_` columns;
- `set.json`: how it was made, with the SHA-256 of the two files; written last.

While building, `parts/` holds finished shards; a shard appears under its name only when whole.
"""

import hashlib
import io
import json
import multiprocessing
import os
import shutil
import zipfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from core.errors import PenumbraError
from core.storage import files
from core.synthetic import VERSION
from core.synthetic.correlations import completed

SHARD_IDENTITIES = 4
WEBP_QUALITY = 80
AGAIN = "delete it and build again"
LIMITS = {
    "identities": (1, 100_000),
    "images": (1, 1_000),
    "size": (32, 512),
    "seed": (0, 2**32 - 1),
    "workers": (1, 256),
}


def build(
    folder: str | Path,
    identities: int = 1000,
    images: int = 8,
    size: int = 128,
    seed: int = 0,
    workers: int | None = None,
    correlations: dict | None = None,
    progress: bool = True,
) -> None:
    """Draw `identities` people with `images` photographs of `size` x `size` pixels each.

    A build that was killed continues where it stopped, and a finished one is left alone. `workers`
    is the number of processes (default: the cores), which does not change a pixel. `correlations`
    are changes to the table of probabilities. Raises PenumbraError for values out of range or a
    folder that holds something else.
    """
    table = completed(correlations)
    sizes = {"identities": identities, "images": images, "size": size, "seed": seed}
    workers = (os.cpu_count() or 1) if workers is None else workers
    for name, value in (*sizes.items(), ("workers", workers)):
        low, high = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise PenumbraError(
                f"{name} must be a whole number from {low} to {high}, not {value!r:.40}"
            )
    plan = {
        "generator": "core.synthetic",
        "version": VERSION,
        **sizes,
        "image_format": f"WebP quality {WEBP_QUALITY}",
        "correlations": table,
    }
    folder = Path(folder)
    if _finished(folder, plan):
        return
    parts = _open_parts(folder, plan)
    shards = {start: parts / f"{start:06d}.zip" for start in range(0, identities, SHARD_IDENTITIES)}
    todo = [start for start, shard in shards.items() if not shard.exists()]
    _draw_parts(parts, todo, plan, workers, progress)
    _pack(folder, list(shards.values()), plan)
    shutil.rmtree(parts)


def _finished(folder: Path, plan: dict) -> bool:
    """Whether the folder already holds this set; an error when it holds another one."""
    description = folder / "set.json"
    if not description.exists():
        return False
    found = files.read_json(description, AGAIN)
    different = [key for key in plan if found.get(key) != plan[key]]
    if different:
        raise PenumbraError(
            f"{folder}: holds another set (different {', '.join(different)}); "
            "choose another folder or delete this one"
        )
    for name in ("images.zip", "labels.csv"):
        path = folder / name
        if not path.exists() or _sha256(path) != found.get("sha256", {}).get(name):
            raise PenumbraError(f"{path}: missing or damaged; delete {description} and build again")
    return True


def _open_parts(folder: Path, plan: dict) -> Path:
    """The folder of shards, made or taken over from an interrupted build of the same plan."""
    parts = folder / "parts"
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PenumbraError(
            f"{folder}: cannot be made ({error.strerror}); choose another"
        ) from None
    path = parts / "plan.json"
    if not path.exists():
        _write(path, json.dumps(plan, indent=1).encode())
    elif files.read_json(path, AGAIN) != plan:
        raise PenumbraError(
            f"{parts}: an unfinished build of another set; delete it or choose another folder"
        )
    return parts


def _write(path: Path, content: bytes) -> None:
    try:
        files.write_bytes(path, content)
    except OSError as error:
        raise PenumbraError(
            f"{path}: cannot be written ({error.strerror}); make room and run again to continue"
        ) from None


def _draw_parts(parts: Path, todo: list[int], plan: dict, workers: int, progress: bool) -> None:
    """Draw the missing shards, in this process or in `workers` of them."""
    from tqdm import tqdm

    people = sum(min(SHARD_IDENTITIES, plan["identities"] - start) for start in todo)
    total = people * plan["images"]
    with tqdm(total=total, unit="face", desc="drawing faces", disable=not progress) as bar:
        if workers == 1 or len(todo) < 2:
            for start in todo:
                bar.update(draw_part(parts, start, plan))
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(todo)), context) as pool:
            futures = [pool.submit(draw_part, parts, start, plan) for start in todo]
            try:
                for future in as_completed(futures):
                    bar.update(future.result())
            except BrokenProcessPool:
                raise PenumbraError(
                    "a drawing process was killed; run the same command again to continue, "
                    "with fewer workers if memory is short"
                ) from None
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def draw_part(parts: Path, start: int, plan: dict) -> int:
    """Draw one shard (the identities from `start`) into the folder `parts`; returns its faces."""
    from PIL import Image

    from core.synthetic.people import photographs

    table = completed(plan["correlations"])
    rows: list[dict] = []
    buffer = io.BytesIO()
    stop = min(start + SHARD_IDENTITIES, plan["identities"])
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number in range(start, stop):
            faces = photographs(plan["seed"], number, plan["images"], plan["size"], table)
            for index, (picture, attributes, meta) in enumerate(faces):
                name = f"{number:04d}_{index}.webp"
                encoded = io.BytesIO()
                Image.fromarray(picture).save(encoded, "WEBP", quality=WEBP_QUALITY, method=6)
                archive.writestr(_member(name), encoded.getvalue())
                rows.append({"image": name, "identity": number, **attributes, **meta})
        archive.writestr(_member("rows.json"), json.dumps(rows))
    _write(parts / f"{start:06d}.zip", buffer.getvalue())
    return len(rows)


def _member(name: str) -> zipfile.ZipInfo:
    """A zip member with a fixed date, so that the same faces give the same bytes."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    return info


def _pack(folder: Path, shards: list[Path], plan: dict) -> None:
    """Join the shards into images.zip and labels.csv, then write set.json."""
    import pandas as pd

    rows: list[dict] = []
    temporary = folder / f"images.zip.{os.getpid()}.tmp"
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for path in shards:
            try:
                with zipfile.ZipFile(path) as part:
                    for row in json.loads(part.read("rows.json")):
                        archive.writestr(_member(row["image"]), part.read(row["image"]))
                        rows.append(row)
            except (zipfile.BadZipFile, KeyError, ValueError):
                raise PenumbraError(f"{path}: damaged; {AGAIN}") from None
    os.replace(temporary, folder / "images.zip")
    labels = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    _write(folder / "labels.csv", labels.encode())
    digests = {name: _sha256(folder / name) for name in ("images.zip", "labels.csv")}
    _write(folder / "set.json", json.dumps({**plan, "sha256": digests}, indent=1).encode() + b"\n")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
