"""The catalog index: indexed items, filters, the bundle's files and its publication."""
