"""Index bundles over Annoy and SQLite."""
