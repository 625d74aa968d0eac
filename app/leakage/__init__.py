"""What else leaks, and for whom."""
