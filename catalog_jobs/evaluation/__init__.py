"""Evaluation of encoders and of recommendations on labelled data."""
