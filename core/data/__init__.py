"""Face data: named data sets, decoded once, split by person, held on the device.

A source of data is one file with a `SOURCE` and one line in `SOURCES`.
"""

from core.data import celeba, folder, lfw, synthetic
from core.data.faces import SPLITS, Faces
from core.data.listing import Source

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
    load,
    preview,
    remove,
)
from core.data.splits import limit  # noqa: E402

__all__ = [
    "SOURCES",
    "SPLITS",
    "Faces",
    "Source",
    "add",
    "catalogue",
    "describe",
    "limit",
    "load",
    "preview",
    "remove",
]
