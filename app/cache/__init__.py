"""Bounded caches of what is read from disk."""
