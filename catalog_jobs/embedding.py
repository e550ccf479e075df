"""Embedding products whose pictures are files."""

import os
from pathlib import Path

from closetspace.bootstrap import photo_decoder
from closetspace.domain.catalog import IndexedItem
from closetspace.domain.encoding import Encoder
from closetspace.services.embed_catalog import CatalogEmbedder
from closetspace.settings import Settings


def file_embedder(encoder: Encoder, settings: Settings) -> CatalogEmbedder[IndexedItem]:
    """Of items whose ``image`` is a path, with a worker a processor."""
    return CatalogEmbedder(
        lambda item: Path(item.image).read_bytes(), photo_decoder(settings), encoder, os.cpu_count() or 1
    )
