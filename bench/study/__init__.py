"""Measurements of studies under load."""
