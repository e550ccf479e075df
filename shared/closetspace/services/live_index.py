"""The index as a serving process holds it: always one whole version, replaced when a new one is published."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from closetspace.domain.catalog import Index
from closetspace.errors import Incompatible, NotFound, Transient
from closetspace.services.index_versions import Current, IndexVersions

log = logging.getLogger(__name__)


@dataclass
class LiveIndex:
    """Serves the published index and follows ``current.json``.

    `get` never waits for a new version while there is an old one: a request that finds the last look too long
    ago starts one in the background and is answered from what is there. A version that can't be opened is
    reported and passed over until another is published.
    """

    versions: IndexVersions
    open_bundle: Callable[[Path], Index]
    encoder_id: str
    check_seconds: float
    clock: Callable[[], float] = time.monotonic
    _index: Index | None = None
    _refused: str | None = None
    _checked: float = 0.0
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def get(self) -> Index:
        """The index to answer this request from. Raises `Transient` while none is published."""
        index = self._index
        if index is None:
            with self._loading:
                return self._index or self._load_first()
        if self.clock() - self._checked >= self.check_seconds and self._loading.acquire(blocking=False):
            self._checked = self.clock()
            threading.Thread(target=self._follow, name="index-reload", daemon=True).start()
        return index

    def _load_first(self) -> Index:
        current = self.versions.current()
        if current is None:
            raise Transient("There is no catalog index yet: publish one with `closetspace index publish`.")
        self._checked = self.clock()
        try:
            self._index = self._open(current.version, current.manifest_sha256)
        except Incompatible:
            self._refused = current.version
            log.exception("the published index can't be used, looking for the one before it")
            self._index = self._open_earlier(current)
        return self._index

    def _open_earlier(self, current: Current) -> Index:
        """A process that starts while a bad version is published serves what the others still do."""
        for version in current.history:
            try:
                return self._open(version, None)
            except Incompatible as error:
                log.warning("nor can index %s: %s", version, error)
        raise Incompatible("neither the published index nor an earlier one can be used")

    def _follow(self) -> None:
        """Holding the lock that `get` took."""
        try:
            self._replace_if_new()
        except Exception:
            log.exception("the index could not be reloaded, the old version stays")
        finally:
            self._loading.release()

    def _replace_if_new(self) -> None:
        current = self.versions.current()
        known = (self._index.version if self._index else None, self._refused)
        if current is None or current.version in known:
            return
        try:
            self._index = self._open(current.version, current.manifest_sha256)
        except Incompatible:
            self._refused = current.version
            raise
        log.info("index %s is in use", current.version)

    def _open(self, version: str, manifest_sha256: str | None) -> Index:
        # The folder goes at once: what is mapped and open lives on until the last request lets go of it.
        with tempfile.TemporaryDirectory(prefix="closetspace-index-") as folder:
            try:
                self.versions.fetch(version, Path(folder), manifest_sha256)
            except NotFound as exc:
                # No fault of whoever asked for recommendations: a published version has to be whole.
                raise Incompatible(f"index {version} is not whole: {exc}") from exc
            index = self.open_bundle(Path(folder))
        if index.encoder_id != self.encoder_id:
            raise Incompatible(f"index {index.version} was built by {index.encoder_id}, this is {self.encoder_id}")
        return index
