"""Refreshes the catalog: reads its sources, embeds what is new, and publishes an index if all guards pass."""
