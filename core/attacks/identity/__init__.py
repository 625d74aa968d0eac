"""Attacks that find out who is in a photograph."""
