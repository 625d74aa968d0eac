"""Measurements of the synthetic faces."""

from pathlib import Path

from core.data.listing import Listing
from core.data.sources import SOURCES
from core.run import ROOT

FOLDER = ROOT / "core" / "synthetic" / "faces"  # the set that comes with Penumbra


def listed(folder: Path) -> Listing:
    return SOURCES["synthetic"].list(folder, {})
