"""Parts of the evaluation: what has to be done, the controls, the worst case."""
