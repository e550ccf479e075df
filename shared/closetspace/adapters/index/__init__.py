"""Index bundles: how they are written, verified and searched."""
