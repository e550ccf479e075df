"""People: their opinions, preferences and recently shown lists."""
