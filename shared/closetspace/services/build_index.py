"""Build an index from the catalog in a store, and prove that it works before anyone is asked to use it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from closetspace.domain.bundle import BundleContents, Manifest
from closetspace.errors import FailedPrecondition, Incompatible
from closetspace.services.catalog_store import CatalogStore
from closetspace.services.embed_catalog import CatalogEmbedder, Progress
from closetspace.services.index_versions import IndexVersions

LEAST_RECALL = 0.95


@dataclass(frozen=True)
class BuiltIndex:
    """The version that was built, and the items that were left out, each with the reason."""

    manifest: Manifest
    left_out: list[tuple[str, str]]


@dataclass(frozen=True)
class IndexBuilder:
    """``write`` makes a bundle in an empty folder; ``verify`` opens one, or raises `Incompatible`."""

    catalog: CatalogStore
    versions: IndexVersions
    embedder: CatalogEmbedder
    write: Callable[[Path, BundleContents, datetime], Manifest]
    verify: Callable[[Path], object]

    def build(self, now: datetime, progress: Progress) -> BuiltIndex:
        """Build, verify and upload a new version; it is in use only after it was published."""
        items, digest = self.catalog.load()
        embedded = self.embedder.embed(items, progress)
        if not embedded.items:
            raise FailedPrecondition("No item of the catalog has a picture that can be read: import another.")
        encoder_id = self.embedder.encoder.descriptor.id
        attributes = [encoding.attributes for encoding in embedded.encodings]
        contents = BundleContents(list(embedded.items), embedded.embeddings, encoder_id, digest, attributes)
        with tempfile.TemporaryDirectory(prefix="closetspace-build-") as folder:
            manifest = self.write(Path(folder), contents, now)
            if manifest.recall < LEAST_RECALL:
                raise Incompatible(f"recall@50 is {manifest.recall:.3f}, at least {LEAST_RECALL} is needed")
            self.verify(Path(folder))
            self.versions.upload(Path(folder), manifest)
        return BuiltIndex(manifest, list(embedded.left_out))
