"""Attacks, methods and metrics of which a test leaves only some."""

import pytest


def only(patch: pytest.MonkeyPatch, listing: dict, names) -> None:
    """`listing` holds `names` alone until `patch` is undone, which gives back its order too."""
    kept = {name: listing[name] for name in listing if name in names}
    for name in reversed(tuple(listing)):
        patch.delitem(listing, name)
    for name, entry in kept.items():
        patch.setitem(listing, name, entry)
