"""Tastes: the summaries of closets, which recommendations are based on."""
