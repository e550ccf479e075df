"""Encoders: descriptors, encodings, packed attributes and priors."""
