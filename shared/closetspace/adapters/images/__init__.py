"""Photos: download, decoding and resizing."""
