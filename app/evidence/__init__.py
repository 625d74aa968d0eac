"""Comparison, papers, device cost and the report."""
