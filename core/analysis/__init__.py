"""What follows from findings: paired comparisons, protocols side by side, subgroups, provenance, device cost."""
