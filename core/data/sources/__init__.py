"""Where photographs and labels come from: one source per file, and its line in `SOURCES`."""

from core.data.listing import Source
from core.data.sources import celeba, folder, lfw, synthetic

SOURCES: dict[str, Source] = {
    "synthetic": synthetic.SOURCE,
    "celeba": celeba.SOURCE,
    "lfw": lfw.SOURCE,
    "folder": folder.SOURCE,
}
