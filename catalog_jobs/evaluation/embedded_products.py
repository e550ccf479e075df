"""The products of a labelled dataset, embedded by the production code."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from catalog_jobs.catalog.folder import read_table
from catalog_jobs.catalog.item import clean_text
from catalog_jobs.encoders.embedding import file_embedder
from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.datasets.products import (
    LabelledProduct,
    Split,
    read_labelled_products,
    without_label_words,
)
from catalog_jobs.evaluation.metrics.encoders import nearest
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import bundle_opener, load_encoder
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.index import Index
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, pack_vector, unpack_vector
from closetspace.domain.wardrobe.item import Item
from closetspace.errors import InvalidInput
from closetspace.services.build_index import bundle_contents
from closetspace.services.embed_catalog import EmbeddedCatalog, Progress
from closetspace.services.reconcile import closet_entry
from closetspace.settings import Settings

MATCHES = 10
"""Products per photo or query."""

Steps = Callable[[str], AbstractContextManager[Progress]]
"""Opens the progress display of the step with this name."""


class NameVisibility(StrEnum):
    """How much of a product's name the encoder gets. Names often state gender and colour."""

    FULL = "full"
    BLIND = "blind"
    NONE = "none"


@dataclass(frozen=True)
class ProductLists:
    """Ordered product ids by persona, closet, photo or query id, and everything that was left out, with the reason.

    ``length`` is the length that a scorer requires. Lists are shorter if there are too few products.
    """

    ids: dict[str, list[str]]
    length: int
    left_out: Sequence[tuple[str, str]]

    @property
    def short(self) -> list[str]:
        """The keys of the lists that a scorer would reject."""
        return [key for key, ids in self.ids.items() if len(ids) < self.length]


@dataclass(frozen=True)
class EmbeddedProducts:
    """The products of a split, as a catalog embeds them. ``products`` maps the catalog's ids to labelled products."""

    catalog: EmbeddedCatalog[IndexedItem]
    encoder: EncoderDescriptor
    products: Mapping[str, LabelledProduct]
    left_out: Sequence[tuple[str, str]]

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        """The encodings by the catalog's ids."""
        return {item.id: e for item, e in zip(self.catalog.items, self.catalog.encodings, strict=True)}

    @property
    def contents(self) -> BundleContents:
        """The contents of an index of all products."""
        encodings = EncodingBatch.from_encodings(self.catalog.encodings, self.encoder)
        return bundle_contents(self.catalog.items, encodings, self.encoder, "evaluation")

    def table_id(self, item_id: str) -> str:
        """Return the id as the dataset's table has it."""
        return self.products[item_id].id

    def nearest(self, queries: Mapping[str, FloatArray]) -> dict[str, list[str]]:
        """Return the ids of the `MATCHES` products nearest to each vector ``(d,)``, best first, by the query's name."""
        embeddings = np.array([encoding.vector for encoding in self.catalog.encodings])
        rows = nearest(np.array(list(queries.values())), embeddings, MATCHES)
        ids = [self.table_id(item.id) for item in self.catalog.items]
        return {name: [ids[row] for row in best] for name, best in zip(queries, rows, strict=True)}

    def closet_of(self, persona: Persona) -> Closet:
        """Return the closet that the functions would store for the persona. Items without a picture are left out."""
        entries: dict[str, dict[str, ClosetEntry]] = {}
        for item_id in persona.wardrobe:
            if encoding := self.encodings.get(item_id):
                item = self._items[item_id]
                owned = Item(item_id, persona.id, item.name, item.brand, None)
                entries[item_id] = stored_entry(owned, encoding, self.encoder)
        return Closet(persona.id, entries)

    @cached_property
    def _items(self) -> dict[str, IndexedItem]:
        return {item.id: item for item in self.catalog.items}


def stored_entry(item: Item, encoding: Encoding, encoder: EncoderDescriptor) -> dict[str, ClosetEntry]:
    """Return the entry that a closet's document keeps of an item, in the document's precision, by encoder id."""
    entry = closet_entry(item, item.id, encoding, encoder)
    return {encoder.id: replace(entry, vector=unpack_vector(pack_vector(entry.vector)))}


def embed_dataset(
    dataset: Path, names: NameVisibility, split: Split, settings: Settings, progress: Progress
) -> EmbeddedProducts:
    """Embed the products of a split as `closetspace index build` would, but without their gender.

    Raises `InvalidInput` if there is nothing to embed.
    """
    labelled = read_labelled_products(dataset, split)
    items = [
        # The brand is the first word of the name, so it is hidden with the name. The encoder has to predict the gender.
        replace(product.item, name=name, brand=name.partition(" ")[0], gender="", image=str(product.picture))
        for product, name in zip(labelled.products, _visible_names(dataset, labelled.products, names), strict=True)
    ]
    encoder = load_encoder(settings)
    catalog = file_embedder(encoder, settings).embed(items, progress)
    if not catalog.items:
        raise InvalidInput("dataset_empty", f"No picture of {dataset} can be read.")
    products = {product.item.id: product for product in labelled.products}
    return EmbeddedProducts(catalog, encoder.descriptor, products, [*labelled.left_out, *catalog.left_out])


def check_owned(personas: Sequence[Persona], dataset: Path, split: Split, embedded: EmbeddedProducts) -> None:
    """Raise `InvalidInput` if a persona owns a product outside of the split, or no product with a readable picture."""
    table_ids = {clean_text(row["id"]) for row in read_table(dataset)}
    left_out = {item_id for item_id, _ in embedded.left_out}
    readable = embedded.encodings.keys()
    for persona in personas:
        for item_id in persona.wardrobe:
            if item_id not in table_ids:
                raise InvalidInput("personas_invalid", f"{persona.id} owns {item_id}, which {dataset} does not have.")
            if item_id not in readable and item_id not in left_out:
                raise InvalidInput(
                    "personas_invalid",
                    f"{persona.id} owns {item_id}, which is not in the {split} split. If the wardrobes of this file are"
                    " drawn from all products, use --side all.",
                )
        if not readable & set(persona.wardrobe):
            raise InvalidInput("personas_invalid", f"{persona.id} owns no product with a readable picture.")


def open_index(contents: BundleContents, settings: Settings) -> Index:
    """Build an index in a temporary folder and open it."""
    with tempfile.TemporaryDirectory(prefix="closetspace-evaluate-") as folder:
        write_bundle(Path(folder), contents, datetime.now(UTC))
        index: Index = bundle_opener(settings)(Path(folder))
    return index


def _visible_names(dataset: Path, products: Sequence[LabelledProduct], visibility: NameVisibility) -> list[str]:
    if visibility is NameVisibility.NONE:
        return [""] * len(products)
    names = [product.display_name for product in products]
    if visibility is NameVisibility.FULL:
        return names
    # The colours of the whole table, not of the split: that is how the independent scorer makes names blind.
    return without_label_words(names, {row.get("baseColour", "") for row in read_table(dataset)})
