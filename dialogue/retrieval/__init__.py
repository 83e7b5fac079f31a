"""Models of retrieval besides the built-in one: sentence embeddings and cross-encoders of the hub."""
