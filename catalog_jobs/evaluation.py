"""The production code over a labelled dataset, written in the terms of a scorer that knows no model."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from catalog_jobs.catalog_folder import cleaned
from catalog_jobs.dataset import product_rows, without_telling_words
from catalog_jobs.labelled_products import LabelledProduct, Side, read_inventory
from closetspace.adapters.bundle_writer import item_key, write_bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.bootstrap import bundle_opener, encoder_id, load_encoder, photo_decoder
from closetspace.domain.bundle import BundleContents
from closetspace.domain.catalog import Filters, Index
from closetspace.domain.closet import ClosetEntry
from closetspace.domain.encoding import Encoding, Garment
from closetspace.domain.paging import Cursor
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import CatalogEmbedder, EmbeddedCatalog, Progress
from closetspace.services.recommend import Recommender, Request
from closetspace.settings import Settings

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


def recommend_for_personas(
    dataset: Path, personas: Path, names: Names, side: Side, settings: Settings, progress: Progress
) -> Lists:
    """Fifty products for each persona, none of them from its wardrobe, through the deployed code path.

    Where those of the categories that it wears run out, the rest is asked for of the others.
    Raises `InvalidInput` for personas that own what is not among the side's products. What they own but nobody can
    see, for want of a picture, their closets lack.
    """
    people = _read_personas(personas)
    found = _embed(dataset, names, side, settings, progress)
    _check_owned(people, dataset, found, side)
    index, result = _index(found.embedded, settings), {}
    for person, wardrobe in people.items():
        recommended = _recommend(index, person, wardrobe, found, encoder_id(settings))
        result[person] = [found.written[item_id] for item_id in recommended]
    return Lists(result, RECOMMENDATIONS, found.left_out)


def match_photos(dataset: Path, photos: Path, side: Side, settings: Settings, progress: Progress) -> Lists:
    """The ten products nearest to each photo of a folder a class, both seen without any name.

    Raises `InvalidInput` when there is no photo that can be read.
    """
    files = [path for path in sorted(photos.glob("*/*")) if path.is_file()]
    if not files:
        raise InvalidInput("photos_empty", f"{photos} holds no folders of photos: it needs CLASS/FILE.")
    found = _embed(dataset, Names.NONE, side, settings, progress)
    decode, encoder, embeddings = photo_decoder(settings), load_encoder(settings), found.embedded.embeddings
    result, left_out = {}, found.left_out
    for done, path in enumerate(files, start=1):
        photo = f"{path.parent.name}/{path.name}"
        try:
            vector = encoder.encode([Garment(decode(path.read_bytes()))])[0].vector
        except InvalidInput as error:
            left_out.append((photo, error.message))
        else:
            best = np.argsort(-(embeddings @ vector), kind="stable")[:MATCHES]
            result[photo] = [found.written[found.embedded.items[row].id] for row in best]
        progress(done, len(files))
    if not result:
        raise InvalidInput("photos_empty", f"None of the {len(files)} files in {photos} is a photo that can be read.")
    return Lists(result, MATCHES, left_out)


@dataclass(frozen=True)
class _Found:
    """The embedded inventory; ``written`` gives the id as the table has it for the catalog's."""

    embedded: EmbeddedCatalog
    written: Mapping[str, str]
    left_out: list[tuple[str, str]]

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        return {item.id: e for item, e in zip(self.embedded.items, self.embedded.encodings, strict=True)}


def _read_personas(path: Path) -> dict[str, list[str]]:
    try:
        listed = json.loads(path.read_bytes())
        return {str(person["id"]): [cleaned(str(i)) for i in person["wardrobe"]] for person in listed}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InvalidInput("personas_invalid", f"{path} is not a list of {{id, wardrobe}}: {exc}") from exc


def _embed(dataset: Path, names: Names, side: Side, settings: Settings, progress: Progress) -> _Found:
    inventory = read_inventory(dataset, side)
    shown = _names(dataset, inventory.products, names)
    items = [
        # The brand is the beginning of the name, so it goes and stays with it.
        replace(product.item, name=name, brand=name.partition(" ")[0], image=str(product.picture))
        for product, name in zip(inventory.products, shown, strict=True)
    ]
    embedder = CatalogEmbedder(
        lambda image: Path(image).read_bytes(), photo_decoder(settings), load_encoder(settings), os.cpu_count() or 1
    )
    embedded = embedder.embed(items, progress)
    if not embedded.items:
        raise InvalidInput("dataset_empty", f"No picture of {dataset} can be read.")
    written = {product.item.id: product.id for product in inventory.products}
    return _Found(embedded, written, [*inventory.left_out, *embedded.left_out])


def _names(dataset: Path, products: Sequence[LabelledProduct], names: Names) -> list[str]:
    if names is Names.NONE:
        return [""] * len(products)
    shown = [product.display_name for product in products]
    if names is Names.FULL:
        return shown
    # The colours of the whole table, whatever its side: a scorer's blind names leave all of them out.
    return without_telling_words(shown, {row.get("baseColour", "") for row in product_rows(dataset)})


def _index(embedded: EmbeddedCatalog, settings: Settings) -> Index:
    contents = BundleContents(embedded.items, embedded.embeddings, encoder_id(settings), "evaluation")
    with tempfile.TemporaryDirectory(prefix="closetspace-evaluate-") as folder:
        write_bundle(Path(folder), contents, datetime.now(UTC))
        index: Index = bundle_opener(settings)(Path(folder))
    return index


def _check_owned(people: Mapping[str, Sequence[str]], dataset: Path, found: _Found, side: Side) -> None:
    listed = {cleaned(row["id"]) for row in product_rows(dataset)}
    unseen = {item_id for item_id, _ in found.left_out}
    visible = found.encodings.keys()
    for person, wardrobe in people.items():
        for item_id in wardrobe:
            if item_id not in listed:
                raise InvalidInput("personas_invalid", f"{person} owns {item_id}, which {dataset} does not have.")
            if item_id not in visible and item_id not in unseen:
                raise InvalidInput(
                    "personas_invalid",
                    f"{person} owns {item_id}, which is not in the {side} split: the wardrobes of this file were made"
                    " from all products. Use --side all.",
                )
        if not visible & set(wardrobe):
            raise InvalidInput("personas_invalid", f"{person} owns nothing that has a picture.")


def _recommend(index: Index, person: str, wardrobe: Sequence[str], found: _Found, encoder: str) -> list[str]:
    database = MemoryDatabase()
    for item_id in wardrobe:
        if item_id in found.encodings:
            encoding = found.encodings[item_id]
            entry = ClosetEntry(encoder, encoding.vector, encoding.category, item_id)
            database.closets[person][item_id] = {encoder: entry}
    worn = {found.encodings[item_id].category for item_id in wardrobe if item_id in found.encodings}
    others = frozenset(index.category_means) - worn
    recommended: list[str] = []
    for filters in [Filters(), Filters(categories=others)] if others else [Filters()]:
        # What is owned counts as shown, so that the inventory's copy of it is not recommended.
        shown = Cursor(0).after(item_key(item_id) for item_id in [*wardrobe, *recommended])
        request = Request(RECOMMENDATIONS - len(recommended), filters, explore=0.0, cursor=shown)
        answer = Recommender(database, lambda _: index).recommend(person, request)
        recommended += [item["id"] for item in answer["items"]]
    return recommended
