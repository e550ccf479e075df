"""Product feeds."""
