"""Parsers from a shop's answer to scraped products."""
