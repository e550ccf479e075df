"""The index of a serving process: complete versions, replaced when new ones are published."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from closetspace.domain.index.index import Index
from closetspace.domain.index.publication import Current
from closetspace.errors import Incompatible, NotFound, Transient
from closetspace.log_labels import event
from closetspace.services.index_versions import IndexVersions

log = logging.getLogger(__name__)

RECHECK_SECONDS = 1.0
"""Minimum time between the checks that closets without a matching index cause."""


@dataclass
class LiveIndex:
    """Serves the published index, or two during a migration, and follows ``index/current.json``.

    `get` never waits for a new version while an old one covers the closet: a request that finds the last check too old
    starts one in the background and is answered from the open index. A version that can't be opened is logged and
    skipped until another one is published.
    """

    versions: IndexVersions
    open_bundle: Callable[[Path], Index]
    check_seconds: float
    clock: Callable[[], float] = time.monotonic
    _indexes: tuple[Index, ...] = ()
    _refused: frozenset[str] = frozenset()
    _checked: float = 0.0
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def get(self, coverage: Mapping[str, int]) -> Index:
        """Return the index whose encoder covers most of a closet's items, the one in use among equals.

        ``coverage`` is the number of the closet's items by encoder. Raises `Transient` while none is published.
        """
        chosen = choose_index(self._live(), coverage)
        if coverage.get(chosen.encoder_id, 0) < max(coverage.values(), default=0):
            # The closet has migrated to an encoder whose index this process, idle until now, has not loaded.
            chosen = choose_index(self._check_now(), coverage)
        return chosen

    def _live(self) -> tuple[Index, ...]:
        indexes = self._indexes
        if not indexes:
            with self._loading:
                return self._indexes or self._load_first()
        if self.clock() - self._checked >= self.check_seconds and self._loading.acquire(blocking=False):
            self._checked = self.clock()
            threading.Thread(target=self._follow, name="index-reload", daemon=True).start()
        return indexes

    def _check_now(self) -> tuple[Index, ...]:
        self._loading.acquire()
        if self.clock() - self._checked >= RECHECK_SECONDS:
            self._checked = self.clock()
            self._follow()
        else:
            self._loading.release()
        return self._indexes

    def _load_first(self) -> tuple[Index, ...]:
        current = self.versions.current()
        if current is None:
            raise Transient("There is no catalog index yet: publish one with `closetspace index publish`.")
        self._checked = self.clock()
        usable = self._open_all(current)
        if current.version in self._refused:
            usable = (*self._open_earlier(current, {index.encoder_id for index in usable}), *usable)
        if not usable:
            raise Incompatible("neither the published index nor an earlier one can be opened")
        self._indexes = usable
        return usable

    def _open_earlier(self, current: Current, served: Collection[str]) -> tuple[Index, ...]:
        """Return an earlier version, which processes that started before the bad one was published still serve."""
        for version in current.history:
            try:
                index = self._open(version, None)
            except Incompatible as error:
                log.warning("index %s can't be used either: %s", version, error)
                continue
            if index.encoder_id not in served:
                return (index,)
        return ()

    def _follow(self) -> None:
        """Replace the indexes and release the lock that the caller holds."""
        try:
            self._replace_if_new()
        except Exception:
            log.exception("the index can't be reloaded, the old version stays in use")
        finally:
            self._loading.release()

    def _replace_if_new(self) -> None:
        current = self.versions.current()
        if current is None:
            return
        self._refused &= {live.version for live in current.live}
        usable = self._open_all(current)
        # If a version can't be used, the index before it stays in its place.
        served = {index.encoder_id for index in usable}
        kept = [i for i in self._indexes if i.encoder_id not in served] if len(usable) < len(current.live) else []
        in_use_is_refused = current.version in self._refused
        self._indexes = (*kept, *usable) if in_use_is_refused else (*usable, *kept)

    def _open_all(self, current: Current) -> tuple[Index, ...]:
        """Return the published versions that can be used, and open those that are not open yet."""
        held = {index.version: index for index in self._indexes}
        for live in current.live:
            if live.version in held or live.version in self._refused:
                continue
            try:
                held[live.version] = self._open(live.version, live.manifest_sha256)
                log.info("index %s is in use", live.version, extra=event("index_loaded", version=live.version))
            except Incompatible:
                self._refused |= {live.version}
                log.exception("index %s can't be used", live.version)
        return tuple(held[live.version] for live in current.live if live.version in held)

    def _open(self, version: str, manifest_sha256: str | None) -> Index:
        # The folder can be deleted at once: mapped and open files stay until the last request has finished.
        with tempfile.TemporaryDirectory(prefix="closetspace-index-") as folder:
            try:
                self.versions.fetch(version, Path(folder), manifest_sha256)
            except NotFound as exc:
                # A published version has to be complete; the caller can't mend that.
                raise Incompatible(f"index {version} is incomplete: {exc}") from exc
            return self.open_bundle(Path(folder))


def choose_index(indexes: Sequence[Index], coverage: Mapping[str, int]) -> Index:
    """Return the index whose encoder covers most of a closet's items, the first among equals."""
    return max(indexes, key=lambda index: coverage.get(index.encoder_id, 0))
