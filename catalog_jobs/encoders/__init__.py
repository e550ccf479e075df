"""Encoders: registry, reference samples, golden encodings and training."""
