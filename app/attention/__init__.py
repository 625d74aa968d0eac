"""The attention page: maps laid over faces."""
