"""The reconstructions page: what attackers draw, also from the reader's own photograph."""
