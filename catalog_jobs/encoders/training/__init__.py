"""Training of encoders with torch; needs the extra ``[train]``."""
