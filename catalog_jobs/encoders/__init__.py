"""Encoders: registry, reference samples, golden encodings, photo inspection and training."""
