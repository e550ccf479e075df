"""Closetspace: clothes that fit what a person already owns."""
