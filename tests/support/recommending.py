"""Closets and requests for tests of recommendations from the index of `tests.support.indexes`."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.api.handlers import SEED_BITS
from closetspace.api.requests import FeedbackRequest, RecommendRequest
from closetspace.api.responses import RecommendResponse
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Recommendation, Request
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.services.recommend import Recommender
from tests.support.fakes import HEADS, HashEncoder, decode_anything
from tests.support.indexes import DIM, NOW, contents


def build_index(folder: Path) -> Bundle:
    """Build an index of 300 products in an empty folder and open it."""
    return open_index_of(contents(), folder)


def build_index_with_variants(folder: Path) -> Bundle:
    """Build an index of 60 products with five variants each in an empty folder and open it."""
    items = [replace(item, name=f"Item {place // 5}", brand="Nike") for place, item in enumerate(contents().items)]
    return open_index_of(replace(contents(), items=items), folder)


def open_index_of(index_contents: BundleContents, folder: Path, built: datetime = NOW) -> Bundle:
    """Build an index in an empty folder and open it; small categories are scanned exactly."""
    write_bundle(folder, index_contents, built)
    return Bundle(folder, exact_scan_items=10_000)


def closet_entry(number: int) -> ClosetEntry:
    """Return the entry of the garment on photo ``number``."""
    encoder, photo = HashEncoder(DIM), f"photo {number}"
    [encoding] = encoder.encode([Garment(decode_anything(photo.encode()))])
    attributes = pack_attributes(encoding.attributes, HEADS)
    return ClosetEntry(encoder.id, encoding.vector, encoding.category, photo, attributes)


CLOSET: Mapping[str, ClosetEntry] = {f"item-{number}": closet_entry(number) for number in range(12)}


def person_with(entries: Mapping[str, ClosetEntry]) -> Person:
    """Return a person with these entries by item id, each of its own encoder."""
    return Person(Closet("ann", {item_id: {entry.encoder: entry} for item_id, entry in entries.items()}, version=1))


def recommend_page(person: Person, index: Bundle, count: int = 20, **request: Any) -> Recommendation:
    """Return a page of recommendations for a person."""
    return recommend(person, Request(count, **request), index, EncoderPriors(HEADS))


def parse_recommend(data: Any) -> Request:
    """Return the request in a client's data; it gets a random seed if the client chose none."""
    return RecommendRequest.parse(data).to_domain(secrets.randbits(SEED_BITS))


def parse_feedback(data: Any) -> tuple[str, OpinionKind | None]:
    """Return the item id and the kind of opinion in a client's data."""
    request = FeedbackRequest.parse(data)
    return request.item_id, request.opinion()


def call_recommend(recommender: Recommender, uid: str = "ann", **data: Any) -> dict[str, Any]:
    """Return the response of ``recommend`` as a client gets it."""
    return RecommendResponse.data(recommender.recommend(uid, parse_recommend(data)))
