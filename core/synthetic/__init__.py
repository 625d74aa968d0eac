"""Synthetic 3D faces: a generator and the built default set."""

# Changes whenever the same seed would give other pixels or labels.
VERSION = 1
