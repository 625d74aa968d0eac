"""Parts of the training loop: batches, saved state, log, stages that runs share."""
