"""The noise page."""
