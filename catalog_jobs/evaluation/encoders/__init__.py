"""Evaluation of encoders: neighbours, attribute heads, a linear probe and speed."""
