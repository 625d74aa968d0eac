"""Measurements of the synthetic faces."""
