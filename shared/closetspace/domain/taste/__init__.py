"""Tastes: what a closet says about its owner."""
