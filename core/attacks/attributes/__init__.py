"""Attacks that read attributes from releases."""
