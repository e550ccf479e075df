"""Keeps downloaded feeds in the store, so that an unchanged one is not downloaded again."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog_jobs.sources.pages import CACHE_FOLDER
from closetspace.adapters.network.fetching import Fetcher, Validators
from closetspace.errors import Conflict, NotFound
from closetspace.ports import ObjectStore

MAX_BYTES = 256 * 1024**2
"""As they are sent. Larger feeds, a million products, are not kept: the store gives an object as a whole, in memory."""


@dataclass(frozen=True)
class KeptFeed:
    """The feed at a URL as it was downloaded last: its bytes, and an object that says which bytes and validators."""

    store: ObjectStore
    url: str

    def download(self, fetcher: Fetcher, path: Path) -> None:
        """Write the feed to a file, from the store if it has not changed. Raises as `Fetcher.fetch_to` does."""
        generation, known = self._known()
        validators = _fetch(fetcher, self.url, path, known)
        if validators is None:
            try:
                path.write_bytes(self.store.read(self._name, if_generation=generation))
                return
            except (NotFound, Conflict):
                # Pruned, or replaced by another run, since we read the validators.
                validators = _fetch(fetcher, self.url, path, Validators())
        if validators and validators.headers and path.stat().st_size <= MAX_BYTES:
            stat = self.store.write(self._name, path)
            record = {"generation": stat.generation} | asdict(validators)
            self.store.write(f"{self._name}.json", json.dumps(record).encode())

    @property
    def _name(self) -> str:
        # The URL may have a password.
        return f"{CACHE_FOLDER}feeds/{hashlib.sha256(self.url.encode()).hexdigest()[:32]}"

    def _known(self) -> tuple[int, Validators]:
        try:
            record = json.loads(self.store.read(f"{self._name}.json"))
            return int(record["generation"]), Validators(str(record["etag"]), str(record["last_modified"]))
        except (NotFound, ValueError, KeyError, TypeError):
            return 0, Validators()


def _fetch(fetcher: Fetcher, url: str, path: Path, known: Validators) -> Validators | None:
    with path.open("wb") as file:
        return fetcher.fetch_changed(url, file.write, known)
