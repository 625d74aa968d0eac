"""Published methods of other authors, on the networks of `core.methods.baselines.original`."""
