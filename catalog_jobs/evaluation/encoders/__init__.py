"""Encoders side by side: what is measured of each, and the page that shows it."""
