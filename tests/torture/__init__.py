"""Attacks on the real local stack, counted in one table: `make torture`."""
