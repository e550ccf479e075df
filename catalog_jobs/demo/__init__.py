"""The demo: a drawn catalog and wardrobe, and the steps of the demo run."""
