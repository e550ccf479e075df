"""Pages that could not be read, kept for a person to look at."""

import json
from pathlib import Path

MOST_PAGES = 20
LARGEST = 2 * 1024**2
INDEX = "pages.jsonl"


class KeptPages:
    """One shop's, of its last crawl: ``pages.jsonl`` says which file is which address, and why it is here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = 0
        for path in (folder / INDEX, *folder.glob("page-*.txt")):
            path.unlink(missing_ok=True)

    def keep(self, url: str, body: bytes, why: str) -> None:
        """Keep the page's first 2 MB, unless there are enough. As text, so that no browser runs what is in it."""
        if self._kept == MOST_PAGES:
            return
        self._kept += 1
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"page-{self._kept:02}.txt"
        (self._folder / name).write_bytes(body[:LARGEST])
        with (self._folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(json.dumps({"url": url, "file": name, "why": why}, ensure_ascii=False) + "\n")
