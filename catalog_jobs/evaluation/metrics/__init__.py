"""Metrics as pure functions of labels, vectors and lists."""
