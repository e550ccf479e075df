"""``python -m catalog_jobs`` is the command ``closetspace``."""

from catalog_jobs.cli.app import app

app()
