"""Photographs decoded once and packed into one memory-mapped array."""
