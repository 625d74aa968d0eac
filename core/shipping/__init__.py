"""Which checkpoints come with Penumbra, what they may leave out, and how a run is removed."""
