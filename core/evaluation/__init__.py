"""Parts of the evaluation: what has to be done, the controls, the face network, the worst case."""
