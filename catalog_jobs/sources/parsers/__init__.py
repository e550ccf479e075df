"""Pure parsers from a shop's response to scraped products."""
