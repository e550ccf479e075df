"""Product feeds for Google Merchant."""
