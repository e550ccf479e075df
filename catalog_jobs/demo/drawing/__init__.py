"""Garments that the project draws itself, so that the demo needs pictures from nowhere."""

from catalog_jobs.demo.drawing.catalog import draw_catalog
from catalog_jobs.demo.drawing.wardrobe import draw_wardrobe

__all__ = ["draw_catalog", "draw_wardrobe"]
