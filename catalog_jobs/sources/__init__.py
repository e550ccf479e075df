"""Reads products from shops' pages, product lists and feeds, and from folders."""
