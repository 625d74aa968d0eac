"""Face data: named data sets, decoded once, split by person, held on the device.

A source of data is one file with a `SOURCE` and one line in `SOURCES`.
"""

from core.data.faces import SPLITS, Faces
from core.data.listing import Source
from core.data.sources import celeba, folder, lfw, synthetic

SOURCES: dict[str, Source] = {
    "synthetic": synthetic.SOURCE,
    "celeba": celeba.SOURCE,
    "lfw": lfw.SOURCE,
    "folder": folder.SOURCE,
}

from core.data.datasets import (  # noqa: E402 (it looks up SOURCES)
    add,
    catalogue,
    describe,
    is_packed,
    join,
    load,
    preview,
    remove,
)
from core.data.second_source import SecondSource, second_source  # noqa: E402
from core.data.splits import limit  # noqa: E402

__all__ = [
    "SOURCES",
    "SPLITS",
    "Faces",
    "SecondSource",
    "Source",
    "add",
    "catalogue",
    "describe",
    "is_packed",
    "join",
    "limit",
    "load",
    "preview",
    "remove",
    "second_source",
]
