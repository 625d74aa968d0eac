"""The embeddings page."""
