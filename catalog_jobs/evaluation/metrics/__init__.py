"""Metrics as pure functions of vectors, labels and probabilities."""
