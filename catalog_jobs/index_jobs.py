"""From a catalog to a published index, over any store."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

from closetspace.adapters.bundle_writer import write_bundle
from closetspace.bootstrap import bundle_opener, load_encoder, photo_decoder
from closetspace.ports import ObjectStore
from closetspace.services.build_index import BuiltIndex, IndexBuilder
from closetspace.services.catalog_store import CatalogStore
from closetspace.services.embed_catalog import CatalogEmbedder
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings


def build_index(
    store: ObjectStore, progress: Callable[[int, int], None], settings: Settings | None = None
) -> BuiltIndex:
    """Build and upload a version from the catalog in a store, a worker a processor."""
    settings = settings or Settings.from_env()
    embedder = CatalogEmbedder(
        read=store.read,
        decode=photo_decoder(settings),
        encoder=load_encoder(settings),
        workers=os.cpu_count() or 1,
    )
    builder = IndexBuilder(CatalogStore(store), IndexVersions(store), embedder, write_bundle, bundle_opener(settings))
    return builder.build(datetime.now(UTC), progress)
