"""Labelled datasets: products, personas, photos and closets."""
