"""Attacks that reconstruct the photograph from releases."""
