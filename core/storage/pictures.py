"""Pictures as WebP inside an array, so that a grid of runs stays small. Needs no torch.

What is scored is never read back from here: the numbers beside the pictures were measured before
packing.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import PenumbraError, damaged
from core.storage import array_file, attack_folders, dataset_folders, numbers_only

QUALITY = 90
LARGEST_SIDE = 1024


def packed(name: str, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """`<name>_webp` uint8 (m,), one file behind the other, and `<name>_ends` int64 (n,), where each
    ends, of pictures uint8 (n, H, W, 3)."""
    files = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", quality=QUALITY, method=6)
        files.append(file.getvalue())
    return {
        f"{name}_webp": np.frombuffer(b"".join(files), dtype=np.uint8),
        f"{name}_ends": np.cumsum([len(file) for file in files], dtype=np.int64),
    }


def unpacked(name: str, arrays: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """The pictures uint8 (n, H, W, 3). Raises PenumbraError when they are absent or damaged."""
    with damaged(f"the {name} are missing or damaged", "evaluate again"):
        whole = np.asarray(arrays[f"{name}_webp"], dtype=np.uint8).tobytes()
        pictures, start = [], 0
        for end in arrays[f"{name}_ends"].tolist():
            with _opened(whole[start:end]) as picture:
                pictures.append(np.asarray(picture.convert("RGB")))
            start = end
        return np.stack(pictures)


def _opened(packed: bytes) -> Image.Image:
    """Raises PenumbraError for a picture of more pixels than a screen has."""
    try:
        picture = Image.open(io.BytesIO(packed), formats=["WEBP"])
    except Image.DecompressionBombError:
        picture = None
    if picture is None or max(picture.size) > LARGEST_SIDE:
        raise PenumbraError(f"a packed picture is larger than {LARGEST_SIDE} pixels")
    return picture


def kept_pictures(
    folder: Path | str,
    attack: str,
    release_value: float | None = None,
    protocol: str = "strict",
) -> dict[str, NDArray[Any]]:
    """What one attacker of a run reconstructed: `originals` and `reconstructions` uint8
    (n, H, W, 3) of the same fixed test photographs, `positions` among these, and `ms_ssim`, `ssim`,
    `psnr` of each; `core.attacks.attackers.shown_under` says by which protocol they are kept.
    Raises PenumbraError when the attack is not done, has kept no pictures, or its file is damaged.
    """
    if not attack_folders.ATTACK.fullmatch(attack):  # it may come from a stranger's findings
        raise PenumbraError(f"{attack[:60]!r} is no attack's name; delete that finding's folder")
    folder, task = Path(folder), attack_folders.Task(protocol, attack, release_value)
    numbers_only.refuse(folder)
    if not attack_folders.is_done(folder, task):
        raise PenumbraError(f"{folder.name} has no finished {attack}; run python -m core evaluate")
    place = attack_folders.place(folder, task)
    if not array_file.exist(place):
        raise PenumbraError(
            "These pictures were not kept when the setting was measured: python -m core evaluate "
            f"{folder.name} draws them. Where the network that draws them was left out to save space, "
            "as in what comes with Penumbra, the setting has to be trained again first."
        )
    found = array_file.read(place)
    if "originals_webp" not in found:
        found |= _shared_originals(folder, found.get("positions", np.arange(0)))
    return found | {name: unpacked(name, found) for name in ("originals", "reconstructions")}


def _shared_originals(folder: Path, positions: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The packed photographs at `positions`, from where a data set keeps those of its trimmed runs.
    Raises PenumbraError where these are not just them."""
    shared = dataset_folders.originals(folder)
    if shared is None or not array_file.exist(shared):
        raise PenumbraError(
            f"{folder.name} holds no originals, and {folder.parent.name}/_originals was not copied "
            "with it; copy it, too, or evaluate again"
        )
    found = array_file.read(shared)
    with damaged(f"{shared} is damaged", "evaluate again"):
        count = len(positions)
        if not np.array_equal(found["positions"][:count], positions):
            raise PenumbraError(
                f"{shared} holds other photographs than {folder.name}; evaluate again"
            )
        ends = found["originals_ends"][:count]
        return {"originals_webp": found["originals_webp"], "originals_ends": ends}
