"""A labelled dataset as the production code embeds it, and lists of its products for a scorer that knows no model."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from catalog_jobs.catalog.item import cleaned
from catalog_jobs.encoders.embedding import embed_photos, file_embedder
from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Side, read_inventory
from catalog_jobs.evaluation.datasets.tables import product_rows, without_telling_words
from catalog_jobs.evaluation.metrics.encoders import nearest
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import bundle_opener, load_encoder
from closetspace.domain.encoder.encoding import EncoderDescriptor, Encoding, FloatArray
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.index import Index, IndexedItem
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, pack, unpack
from closetspace.domain.wardrobe.item import Item, PhotoStat
from closetspace.errors import InvalidInput
from closetspace.services.build_index import bundle_contents
from closetspace.services.embed_catalog import EmbeddedCatalog, Progress
from closetspace.services.reconcile import closet_entry
from closetspace.settings import Settings

MATCHES = 10


class Names(StrEnum):
    """How much of a product's name the encoder sees: names give gender and colour away."""

    FULL = "full"
    BLIND = "blind"
    NONE = "none"


@dataclass(frozen=True)
class Lists:
    """Ordered product ids for each persona, closet, photo or query, and what was left out on the way, each with why.

    ``wanted`` is the length that a scorer needs; a list is shorter if there are too few products.
    """

    ids: dict[str, list[str]]
    wanted: int
    left_out: list[tuple[str, str]]

    @property
    def short(self) -> list[str]:
        """Whose lists a scorer would refuse."""
        return [key for key, ids in self.ids.items() if len(ids) < self.wanted]


@dataclass(frozen=True)
class EmbeddedInventory:
    """A side's products as the catalog embedded them; ``products`` are their rows of the table by the catalog's id."""

    embedded: EmbeddedCatalog[IndexedItem]
    encoder: EncoderDescriptor
    products: Mapping[str, LabelledProduct]
    left_out: list[tuple[str, str]]

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        return {item.id: e for item, e in zip(self.embedded.items, self.embedded.encodings, strict=True)}

    @property
    def contents(self) -> BundleContents:
        """What an index of all of it is built of."""
        encodings = EncodingBatch.of(self.embedded.encodings, self.encoder)
        return bundle_contents(self.embedded.items, encodings, self.encoder, "evaluation")

    def written(self, item_id: str) -> str:
        """The id as the table has it."""
        return self.products[item_id].id

    def nearest(self, queries: Mapping[str, FloatArray]) -> dict[str, list[str]]:
        """Return the ids of the `MATCHES` products nearest to each vector ``(d,)``, best first, by the query's name."""
        embeddings = np.array([encoding.vector for encoding in self.embedded.encodings])
        rows = nearest(np.array(list(queries.values())), embeddings, MATCHES)
        ids = [self.written(item.id) for item in self.embedded.items]
        return {name: [ids[row] for row in best] for name, best in zip(queries, rows, strict=True)}

    def closet_of(self, persona: Persona) -> Closet:
        """Return the closet that the functions would make of the persona's wardrobe, as far as it has pictures."""
        seen = [item_id for item_id in persona.wardrobe if item_id in self.encodings]
        owned = {item_id: (self._items[item_id], self.encodings[item_id]) for item_id in seen}
        return Closet(
            persona.id,
            {
                item_id: stored_entry(Item(item_id, persona.id, item.name, item.brand, None), encoding, self.encoder)
                for item_id, (item, encoding) in owned.items()
            },
        )

    @cached_property
    def _items(self) -> dict[str, IndexedItem]:
        return {item.id: item for item in self.embedded.items}


def stored_entry(item: Item, encoding: Encoding, encoder: EncoderDescriptor) -> dict[str, ClosetEntry]:
    """Return what a closet's document keeps of an item, in its precision, by the encoder's id."""
    entry = closet_entry(item, PhotoStat(item.id, None), encoding, encoder)
    return {encoder.id: replace(entry, vector=unpack(pack(entry.vector)))}


def embed_inventory(
    dataset: Path, names: Names, side: Side, settings: Settings, progress: Progress
) -> EmbeddedInventory:
    """Embed a side's products as `closetspace index build` would, but for what their labels tell.

    Raises `InvalidInput` where there is nothing to embed.
    """
    inventory = read_inventory(dataset, side)
    shown = _names(dataset, inventory.products, names)
    items = [
        # The brand is the beginning of the name, so it goes and stays with it. The gender is for the encoder to find.
        replace(product.item, name=name, brand=name.partition(" ")[0], gender="", image=str(product.picture))
        for product, name in zip(inventory.products, shown, strict=True)
    ]
    encoder = load_encoder(settings)
    embedded = file_embedder(encoder, settings).embed(items, progress)
    if not embedded.items:
        raise InvalidInput("dataset_empty", f"No picture of {dataset} can be read.")
    products = {product.item.id: product for product in inventory.products}
    return EmbeddedInventory(embedded, encoder.descriptor, products, [*inventory.left_out, *embedded.left_out])


def check_owned(people: Sequence[Persona], dataset: Path, side: Side, found: EmbeddedInventory) -> None:
    """Raise `InvalidInput` for personas that own what is not among the side's products, or nothing that can be seen."""
    listed = {cleaned(row["id"]) for row in product_rows(dataset)}
    unseen = {item_id for item_id, _ in found.left_out}
    visible = found.encodings.keys()
    for person in people:
        for item_id in person.wardrobe:
            if item_id not in listed:
                raise InvalidInput("personas_invalid", f"{person.id} owns {item_id}, which {dataset} does not have.")
            if item_id not in visible and item_id not in unseen:
                raise InvalidInput(
                    "personas_invalid",
                    f"{person.id} owns {item_id}, which is not in the {side} split: the wardrobes of this file were"
                    " made from all products. Use --side all.",
                )
        if not visible & set(person.wardrobe):
            raise InvalidInput("personas_invalid", f"{person.id} owns nothing that has a picture.")


def open_index(contents: BundleContents, settings: Settings) -> Index:
    """Write an index and open it; nothing of it is left on the disk."""
    with tempfile.TemporaryDirectory(prefix="closetspace-evaluate-") as folder:
        write_bundle(Path(folder), contents, datetime.now(UTC))
        index: Index = bundle_opener(settings)(Path(folder))
    return index


def match_photos(dataset: Path, photos: Path, side: Side, settings: Settings, progress: Progress) -> Lists:
    """Find the ten products nearest to each photo of a folder a class; neither has a name.

    Raises `InvalidInput` when there is no photo that can be read.
    """
    files = {f"{path.parent.name}/{path.name}": path for path in sorted(photos.glob("*/*")) if path.is_file()}
    if not files:
        raise InvalidInput("photos_empty", f"{photos} holds no folders of photos: it needs CLASS/FILE.")
    found = embed_inventory(dataset, Names.NONE, side, settings, progress)
    results = embed_photos(files, load_encoder(settings), settings, progress)
    readable = {name: result.encoding.vector for name, result in results.items() if result.encoding}
    if not readable:
        raise InvalidInput("photos_empty", f"None of the {len(files)} files in {photos} is a photo that can be read.")
    unreadable = [(name, result.refusal) for name, result in results.items() if not result.encoding]
    return Lists(found.nearest(readable), MATCHES, [*found.left_out, *unreadable])


def _names(dataset: Path, products: Sequence[LabelledProduct], names: Names) -> list[str]:
    if names is Names.NONE:
        return [""] * len(products)
    shown = [product.display_name for product in products]
    if names is Names.FULL:
        return shown
    # The colours of the whole table, whatever its side: a scorer's blind names leave all of them out.
    return without_telling_words(shown, {row.get("baseColour", "") for row in product_rows(dataset)})
