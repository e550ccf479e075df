"""The production code over a labelled dataset, written in the terms of a scorer that knows no model."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from catalog_jobs.dataset import product_rows, without_telling_words
from catalog_jobs.embedding import file_embedder
from catalog_jobs.labelled_products import LabelledProduct, Side, read_inventory
from catalog_jobs.personas import Persona
from catalog_jobs.refresh.catalog_item import cleaned
from closetspace.adapters.bundle_writer import write_bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.bootstrap import backgrounds, bundle_opener, load_encoder, photo_decoder
from closetspace.domain.attributes import packed
from closetspace.domain.bundle import BundleContents
from closetspace.domain.catalog import Filters, Index, IndexedItem
from closetspace.domain.closet import Closet, ClosetEntry, pack, unpack
from closetspace.domain.encoding import EncoderDescriptor, Encoding, Garment
from closetspace.domain.encodings import Encodings
from closetspace.domain.paging import Cursor, index_mark, short
from closetspace.domain.products import item_key, product_key, title
from closetspace.errors import InvalidInput
from closetspace.services.build_index import bundle_contents
from closetspace.services.embed_catalog import EmbeddedCatalog, Progress
from closetspace.services.recommend import Recommender, Request
from closetspace.settings import Settings

T = TypeVar("T")

RECOMMENDATIONS = 50
MATCHES = 10


class Names(StrEnum):
    """How much of a product's name the encoder sees: names give gender and colour away."""

    FULL = "full"
    BLIND = "blind"
    NONE = "none"


@dataclass(frozen=True)
class Lists:
    """Ordered product ids for each persona or photo, and what was left out on the way, each with why.

    ``wanted`` is how long a scorer needs each list to be; one is shorter where there are not enough products.
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
        encodings = Encodings.of(self.embedded.encodings, self.encoder)
        return bundle_contents(self.embedded.items, encodings, self.encoder, "evaluation")

    def written(self, item_id: str) -> str:
        """The id as the table has it."""
        return self.products[item_id].id

    def closet_of(self, persona: Persona) -> Closet:
        """What the functions would have made of the persona's wardrobe, as far as there are pictures of it."""
        seen = [item_id for item_id in persona.wardrobe if item_id in self.encodings]
        return Closet(persona.id, {item_id: {self.encoder.id: self._entry(item_id)} for item_id in seen})

    def _entry(self, item_id: str) -> ClosetEntry:
        encoding, item = self.encodings[item_id], self._items[item_id]
        return ClosetEntry(
            encoder=self.encoder.id,
            vector=unpack(pack(encoding.vector)),
            category=encoding.category,
            photo_hash=item_id,
            attributes=packed(encoding.attributes, self.encoder.heads),
            title=title(item.brand, item.name),
            product=product_key(item.brand, item.name),
        )

    @cached_property
    def _items(self) -> dict[str, IndexedItem]:
        return {item.id: item for item in self.embedded.items}


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


def recommend_for_personas(
    people: Sequence[Persona], found: EmbeddedInventory, index: Index, settings: Settings, progress: Progress
) -> Lists:
    """Fifty products for each persona, none of them from its wardrobe, through the deployed code path.

    Where the list ends before, the rest is asked for of the categories that it did not touch. What they own but nobody
    can see, for want of a picture, their closets lack.
    """
    database = MemoryDatabase()
    recommender = Recommender(database, lambda _: index, backgrounds(settings).get)
    result = {}
    for done, persona in enumerate(people, start=1):
        database.closets[persona.id] = {i: dict(by) for i, by in found.closet_of(persona).entries.items()}
        result[persona.id] = [found.written(item_id) for item_id in _recommend(recommender, persona, index)]
        progress(done, len(people))
    return Lists(result, RECOMMENDATIONS, found.left_out)


def _recommend(recommender: Recommender, persona: Persona, index: Index) -> list[str]:
    def page(count: int, filters: Filters, before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        # What is owned counts as shown, so that the inventory's copy of it is not recommended.
        shown = [short(item_key(item_id)) for item_id in [*persona.wardrobe, *(item["id"] for item in before)]]
        cursor = Cursor(0, index_mark(index.version), tuple(shown))
        items: list[dict[str, Any]] = recommender.recommend(
            persona.id, Request(count, filters, explore=0.0, cursor=cursor)
        )["items"]
        return items

    items = to_the_end(RECOMMENDATIONS, index, page, lambda item: str(item["category"]))
    return [item["id"] for item in items]


def to_the_end(
    count: int, index: Index, page: Callable[[int, Filters, Sequence[T]], Sequence[T]], category: Callable[[T], str]
) -> list[T]:
    """Ask for pages, of so many items that pass the filters and come after others, until there are ``count``.

    Where nothing is left in the categories that a list keeps to, it goes on in all others.
    """
    items: list[T] = []
    for filters in (Filters(), None):
        others = frozenset(index.category_means) - {category(item) for item in items}
        while len(items) < count and others:
            found = page(count - len(items), filters or Filters(categories=others), items)
            items += found
            if not found:
                break
    return items


def match_photos(dataset: Path, photos: Path, side: Side, settings: Settings, progress: Progress) -> Lists:
    """The ten products nearest to each photo of a folder a class, both seen without any name.

    Raises `InvalidInput` when there is no photo that can be read.
    """
    files = [path for path in sorted(photos.glob("*/*")) if path.is_file()]
    if not files:
        raise InvalidInput("photos_empty", f"{photos} holds no folders of photos: it needs CLASS/FILE.")
    found = embed_inventory(dataset, Names.NONE, side, settings, progress)
    decode, encoder = photo_decoder(settings), load_encoder(settings)
    embeddings = np.array([encoding.vector for encoding in found.embedded.encodings])
    result, left_out = {}, found.left_out
    for done, path in enumerate(files, start=1):
        photo = f"{path.parent.name}/{path.name}"
        try:
            vector = encoder.encode([Garment(decode(path.read_bytes()))])[0].vector
        except InvalidInput as error:
            left_out.append((photo, error.message))
        else:
            best = np.argsort(-(embeddings @ vector), kind="stable")[:MATCHES]
            result[photo] = [found.written(found.embedded.items[row].id) for row in best]
        progress(done, len(files))
    if not result:
        raise InvalidInput("photos_empty", f"None of the {len(files)} files in {photos} is a photo that can be read.")
    return Lists(result, MATCHES, left_out)


def _names(dataset: Path, products: Sequence[LabelledProduct], names: Names) -> list[str]:
    if names is Names.NONE:
        return [""] * len(products)
    shown = [product.display_name for product in products]
    if names is Names.FULL:
        return shown
    # The colours of the whole table, whatever its side: a scorer's blind names leave all of them out.
    return without_telling_words(shown, {row.get("baseColour", "") for row in product_rows(dataset)})
