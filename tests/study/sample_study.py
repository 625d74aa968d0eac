"""Studies with made-up pictures and items, for tests that need no run and no network."""

import copy
import functools
import io
import json
import secrets
import struct
import zlib
from typing import Any

import numpy as np
import sqlalchemy as sa
from PIL import Image

from core.study import studies
from core.study.design import check, setting_key
from core.study.storage import database
from core.study.storage.tables import studies as studies_table

SIZE = 16  # pixels on a side


def setting(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A setting of a run that does not exist."""
    found = {"dataset": "synthetic", "run_id": f"deep_obfuscator-{number:010x}"}
    return found | {"release_value": None, "attacker": "mirrored_decoder"} | changes


def design(settings: int = 2, **changes: Any) -> dict[str, Any]:
    """A checked design of so many settings."""
    found = {"title": "Who is it?", "settings": [setting(n) for n in range(settings)]}
    return check(found | changes)


def token() -> str:
    """What a browser makes for itself."""
    return secrets.token_hex(16)


def material(design: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """Pictures and items as `core.study.material.stimuli.build` gives them: every person one redrawn face at
    each setting and the same options at all of them."""
    return copy.deepcopy(_made(json.dumps(design), seed, SIZE))


@functools.cache
def _made(described: str, seed: int, size: int) -> dict[str, Any]:
    design, chance = json.loads(described), np.random.default_rng(seed)
    pictures: list[bytes] = []

    def picture() -> int:
        pictures.append(_png(chance, size))
        return len(pictures) - 1

    items = []
    checks = max(3, 3 * design["attention"]) if design["attention"] else 0
    roles = ["question"] * design["people"] + ["attention"] * checks
    roles += ["practice"] * int(design["practice"])
    for person, role in enumerate(roles):
        options = [picture() for _ in range(design["options"])]
        places = design["settings"] if role == "question" else [setting(run_id="photograph")]
        for place in places:
            item = {"role": role, "setting": setting_key(place), "person": person, **place}
            item |= {"options": options, "redrawn": picture(), "machine_picture": None}
            item["machine_release"] = int(chance.integers(design["options"]))
            items.append(item | {"ms_ssim": float(chance.random())})
    longest = max(map(len, pictures))
    return {"pictures": [_padded(png, longest) for png in pictures], "items": items}


def ready_study(settings: int = 2, seed: int = 0, **changes: Any) -> str:
    """Id of a study whose pictures are made; who is asked what follows from `seed` as well."""
    wanted = design(settings, **changes)
    study_id = studies.create(wanted)
    with database.writing() as connection:
        connection.execute(
            sa.update(studies_table).where(studies_table.c.id == study_id), {"seed": seed}
        )
    studies.store_material(study_id, material(wanted, seed))
    return study_id


def open_study(settings: int = 2, seed: int = 0, **changes: Any) -> str:
    """Id of a study that takes participants."""
    study_id = ready_study(settings, seed, **changes)
    studies.open_study(study_id)
    return study_id


def _png(chance: np.random.Generator, size: int) -> bytes:
    file = io.BytesIO()
    pixels = chance.integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


def _padded(png: bytes, length: int) -> bytes:
    """The picture with an ancillary chunk before its end, `length` + 12 bytes long."""
    content = bytes(length - len(png))
    check_sum = zlib.crc32(b"teSt" + content)
    chunk = struct.pack(">I", len(content)) + b"teSt" + content + struct.pack(">I", check_sum)
    return png[:-12] + chunk + png[-12:]
