"""Drawn garments, so that the demo needs no downloads."""

from catalog_jobs.demo.drawing.catalog import draw_catalog
from catalog_jobs.demo.drawing.wardrobe import draw_wardrobe

__all__ = ["draw_catalog", "draw_wardrobe"]
