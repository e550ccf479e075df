"""The production code over a labelled dataset, written in the terms of a scorer that knows no model."""

import json
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import numpy as np

from catalog_jobs.catalog_folder import read_folder
from catalog_jobs.dataset import in_training_split, labelled_rows
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

GENDER_WORDS = {"men", "men's", "mens", "women", "women's", "womens", "man", "woman", "male", "female", "unisex"} | {
    *("boy", "boys", "boy's", "girl", "girls", "girl's", "lady", "ladies", "kids")
}
USAGE_WORDS = {"casual", "formal", "sports", "ethnic", "party", "travel"}
COLOUR_WORDS = {"multi", "multicoloured"}
RECOMMENDATIONS = 50
MATCHES = 10


class Names(StrEnum):
    """How much of a product's name the encoder sees: names give gender and colour away."""

    FULL = "full"
    BLIND = "blind"
    NONE = "none"


class Side(StrEnum):
    """Which products take part."""

    EVAL = "eval"
    ALL = "all"


def recommend_for_personas(
    dataset: Path, personas: Path, names: Names, side: Side, progress: Progress
) -> dict[str, list[str]]:
    """Fifty products for each persona, none of them from its wardrobe, through the deployed code path."""
    people = _read_personas(personas)
    embedded = _embed(dataset, names, side, progress)
    recommender, database = _recommender(embedded)
    found = {item.id: encoding for item, encoding in zip(embedded.items, embedded.encodings, strict=True)}
    result = {}
    for person, wardrobe in people.items():
        _fill_closet(database, person, wardrobe, found)
        # What is owned counts as shown, so that the inventory's copy of it is not recommended.
        owned = Cursor(0).after(item_key(item_id) for item_id in wardrobe)
        request = Request(RECOMMENDATIONS, Filters(), explore=0.0, cursor=owned)
        result[person] = [item["id"] for item in recommender.recommend(person, request)["items"]]
    return result


def match_photos(dataset: Path, photos: Path, side: Side, progress: Progress) -> dict[str, list[str]]:
    """The ten products nearest to each photo of a folder a class, both seen without any name."""
    embedded = _embed(dataset, Names.NONE, side, progress)
    files = [path for path in sorted(photos.glob("*/*")) if path.is_file()]
    if not files:
        raise InvalidInput("photos_empty", f"{photos} holds no folders of photos.")
    settings = Settings.from_env()
    decode, encoder = photo_decoder(settings), load_encoder(settings)
    embeddings, result = embedded.embeddings, {}
    for done, path in enumerate(files, start=1):
        vector = encoder.encode([Garment(decode(path.read_bytes()))])[0].vector
        best = np.argsort(-(embeddings @ vector), kind="stable")[:MATCHES]
        result[f"{path.parent.name}/{path.name}"] = [embedded.items[row].id for row in best]
        progress(done, len(files))
    return result


def _read_personas(path: Path) -> dict[str, list[str]]:
    try:
        return {person["id"]: [str(i) for i in person["wardrobe"]] for person in json.loads(path.read_bytes())}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InvalidInput("personas_invalid", f"{path} is not a list of {{id, wardrobe}}: {exc}") from exc


def _embed(dataset: Path, names: Names, side: Side, progress: Progress) -> EmbeddedCatalog:
    folder = read_folder(dataset)
    rows = {row["id"]: row for row in labelled_rows(dataset)}
    shown = _names(rows.values(), names)
    items = [
        # The brand is the beginning of the name, so it goes and stays with it.
        replace(item, name=shown[item.id], brand="", image=str(picture))
        for item, picture in folder.items
        if side is Side.ALL or not in_training_split(rows[item.id]["productDisplayName"])
    ]
    settings = Settings.from_env()
    embedder = CatalogEmbedder(
        lambda image: Path(image).read_bytes(), photo_decoder(settings), load_encoder(settings), os.cpu_count() or 1
    )
    return embedder.embed(items, progress)


def _names(rows: Collection[Mapping[str, str]], names: Names) -> dict[str, str]:
    if names is Names.FULL:
        return {row["id"]: row["productDisplayName"] for row in rows}
    if names is Names.NONE:
        return dict.fromkeys((row["id"] for row in rows), "")
    colours = {word for row in rows for word in row.get("baseColour", "").lower().split()}
    telling = GENDER_WORDS | USAGE_WORDS | COLOUR_WORDS | colours
    return {
        row["id"]: " ".join(w for w in row["productDisplayName"].split() if w.lower().strip(".,") not in telling)
        for row in rows
    }


def _recommender(embedded: EmbeddedCatalog) -> tuple[Recommender, MemoryDatabase]:
    settings, database = Settings.from_env(), MemoryDatabase()
    contents = BundleContents(embedded.items, embedded.embeddings, encoder_id(settings), "evaluation")
    with tempfile.TemporaryDirectory(prefix="closetspace-evaluate-") as folder:
        write_bundle(Path(folder), contents, datetime.now(UTC))
        index: Index = bundle_opener(settings)(Path(folder))
    return Recommender(database, lambda: index), database


def _fill_closet(database: MemoryDatabase, person: str, wardrobe: Sequence[str], found: Mapping[str, Encoding]) -> None:
    for item_id in wardrobe:
        if item_id not in found:
            raise InvalidInput("personas_invalid", f"{person} owns {item_id}, which is not among these products.")
        encoding = found[item_id]
        entry = ClosetEntry(encoder_id(Settings.from_env()), encoding.vector, encoding.category, item_id)
        database.closets[person][item_id] = entry
