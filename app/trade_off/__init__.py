"""The trade-off page."""
