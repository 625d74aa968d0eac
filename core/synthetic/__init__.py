"""Synthetic 3D faces: a generator and the built default set."""

from pathlib import Path

# Changes whenever the same seed would give other pixels or labels.
VERSION = 1
DEFAULT_SET = Path(__file__).parent / "faces"
