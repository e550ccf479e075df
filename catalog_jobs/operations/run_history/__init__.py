"""The history of refreshes as a table and as an HTML page."""
