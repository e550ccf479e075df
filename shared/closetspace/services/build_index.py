"""Build an index from the catalog in a store, and prove that it works before anyone is asked to use it."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from closetspace.domain.bundle import BundleContents, Manifest
from closetspace.domain.catalog import IndexedItem
from closetspace.domain.encoding import GENDER, EncoderDescriptor, Encoding, Shares
from closetspace.errors import FailedPrecondition, Incompatible
from closetspace.services.catalog_store import CatalogStore
from closetspace.services.embed_catalog import CatalogEmbedder, EmbeddedCatalog, Progress
from closetspace.services.index_versions import IndexVersions

LEAST_RECALL = 0.95
LIKELY = 0.5


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
        contents = bundle_contents(embedded, self.embedder.encoder.descriptor, digest)
        with tempfile.TemporaryDirectory(prefix="closetspace-build-") as folder:
            manifest = self.write(Path(folder), contents, now)
            if manifest.recall < LEAST_RECALL:
                raise Incompatible(f"recall@50 is {manifest.recall:.3f}, at least {LEAST_RECALL} is needed")
            self.verify(Path(folder))
            self.versions.upload(Path(folder), manifest)
        return BuiltIndex(manifest, list(embedded.left_out))


def bundle_contents(embedded: EmbeddedCatalog, encoder: EncoderDescriptor, catalog: str) -> BundleContents:
    """What an index is built of; where a shop tells an item's gender, that counts and not what the head sees in it.

    Of items whose gender nobody tells, the head's answer is what requests filter by, where it is more likely than not.
    """
    told = [_with_gender(*pair, encoder) for pair in zip(embedded.items, embedded.encodings, strict=True)]
    return BundleContents(
        items=[item for item, _ in told],
        embeddings=embedded.embeddings,
        photo_embeddings=embedded.photo_embeddings,
        attributes=[attributes for _, attributes in told],
        encoder=encoder,
        catalog=catalog,
    )


def _with_gender(
    item: IndexedItem, encoding: Encoding, encoder: EncoderDescriptor
) -> tuple[IndexedItem, Mapping[str, Shares]]:
    seen = encoding.attributes.get(GENDER, {})
    if not item.gender:
        likeliest = next((label for label, share in seen.items() if share > LIKELY), "")
        return replace(item, gender=likeliest), encoding.attributes
    known = {label.casefold(): label for label in encoder.heads.get(GENDER, ())}
    label = known.get(item.gender.casefold())
    return item, {**encoding.attributes, GENDER: {label: 1.0}} if label else encoding.attributes
