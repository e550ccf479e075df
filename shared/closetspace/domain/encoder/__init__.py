"""Encoders: descriptors, encodings, attributes, and the priors that an encoder ships with."""
