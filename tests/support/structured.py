"""A catalog of garments whose vectors and attributes follow from their labels, for tests of rankings.

A vector is made of blocks, each with its share of the cosine, as a fashion encoder's is. Every label has a direction
in its block, and every garment lies near it. All numbers are drawn from names, so every process draws the same.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, UNISEX, USAGE, EncoderDescriptor
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.priors import EncoderPriors, ReferenceSample
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.ranking.query import FeedbackVectors, Ranked, RankingQuery, UserProfile
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry

BUILT = datetime(2026, 11, 23, 12, tzinfo=UTC)

HEADS = {
    CATEGORY: ("Bottomwear", "Dress", "Hats", "Shoes", "Topwear"),
    COLOUR: ("Red", "Blue", "Black", "White", "Green", "Yellow"),
    GENDER: ("Men", "Women", "Unisex"),
    USAGE: ("Casual", "Formal", "Sports"),
}
OFFERED = ("Bottomwear", "Dress", "Shoes", "Topwear")
"""Categories of the catalog's items: all but hats."""

BLOCKS = {"article": 10, COLOUR: 8, GENDER: 4, USAGE: 6, "look": 12}
SHARES = {"article": 0.3, COLOUR: 0.25, GENDER: 0.1, USAGE: 0.15, "look": 0.2}
SPREAD = 0.12
"""Standard deviation of a garment's coordinates around its label's."""

DIM = sum(BLOCKS.values())
ENCODER = EncoderDescriptor("labels-1", DIM, HEADS, {}, blocks=BLOCKS)
BRANDS = ("Arket", "Cos", "Fila", "Gap", "Nike", "Puma", "Stussy", "Zara")


@dataclass(frozen=True)
class Piece:
    """A garment: its labels, and a number among those with the same labels."""

    category: str = "Topwear"
    colour: str = "Black"
    gender: str = "Men"
    usage: str = "Casual"
    number: int = 0

    @property
    def id(self) -> str:
        return "-".join(map(str, (self.category, self.colour, self.gender, self.usage, self.number)))

    @cached_property
    def vector(self) -> FloatArray:
        """The embedding, ``(DIM,) float32`` of unit length."""
        labels = {"article": self.category, COLOUR: self.colour, GENDER: self.gender, USAGE: self.usage}
        offsets = np.random.default_rng(list(self.id.encode())).standard_normal(DIM).astype(np.float32)
        blocks, start = list[FloatArray](), 0
        for name, size in BLOCKS.items():
            label = _direction(name, labels[name], size) if name in labels else np.zeros(size, np.float32)
            block = unit(label + np.float32(SPREAD) * offsets[start : start + size])
            blocks.append(block * np.float32(SHARES[name] ** 0.5))
            start += size
        return np.concatenate(blocks)

    @property
    def shares(self) -> Mapping[str, Shares]:
        """The heads' probabilities: high for the label, and half of the rest spread over the other labels."""
        certainty = 0.85 + 0.01 * (self.number % 10)
        labels = {COLOUR: self.colour, GENDER: self.gender, USAGE: self.usage}
        rest = {head: (1 - certainty) / 2 / (len(HEADS[head]) - 1) for head in labels}
        return {
            head: {name: certainty if name == label else rest[head] for name in HEADS[head]}
            for head, label in labels.items()
        }

    @property
    def entry(self) -> ClosetEntry:
        """The garment as a closet's entry, without a title."""
        return ClosetEntry(ENCODER.id, self.vector, self.category, self.id, pack_attributes(self.shares, HEADS))


@cache
def _direction(block: str, label: str, size: int) -> FloatArray:
    return unit(np.random.default_rng(list(f"{block} {label}".encode())).standard_normal(size).astype(np.float32))


def pieces(categories: Iterable[str], first: int, last: int) -> list[Piece]:
    """Return a piece for every combination of labels and every number from ``first`` to ``last - 1``."""
    return [
        Piece(*labels) for labels in product(categories, HEADS[COLOUR], HEADS[GENDER], HEADS[USAGE], range(first, last))
    ]


CATALOG = {piece.id: piece for piece in pieces(OFFERED, 0, 6)}
"""1,296 products by id."""


def build_catalog_index(folder: Path) -> Bundle:
    """Build the catalog's index in an empty folder and open it. Vectors of the photos alone are less exact."""
    items = [
        IndexedItem(piece.id, _model(piece), _brand(piece), piece.category, piece.gender, float(place))
        for place, piece in enumerate(CATALOG.values())
    ]
    vectors = np.array([piece.vector for piece in CATALOG.values()])
    photos = unit(vectors + np.float32(0.1) * np.roll(vectors, 1, axis=0))
    attributes = np.array([pack_attributes(piece.shares, HEADS) for piece in CATALOG.values()], np.uint8)
    encodings = EncodingBatch(
        vectors, quantize_photo_vectors(photos), attributes, tuple(item.category for item in items)
    )
    write_bundle(folder, BundleContents(items, encodings, ENCODER, "structured"), BUILT)
    return Bundle(folder, exact_scan_items=10_000)


def _model(piece: Piece) -> str:
    """Return the name of the product: a yellow piece is a variant of the green one."""
    colour = "Green" if piece.colour == "Yellow" else piece.colour
    return replace(piece, colour=colour).id


def _brand(piece: Piece) -> str:
    return BRANDS[zlib.crc32(_model(piece).encode()) % len(BRANDS)]


def ranked_pieces(index: Index, ranked: Sequence[Ranked]) -> list[Piece]:
    """Return the pieces of a ranked list, in order."""
    return [CATALOG[item.id] for item in index.items(np.array([place.row for place in ranked], np.int64))]


@cache
def priors() -> EncoderPriors:
    """Return the encoder's priors: products outside of the catalog, hats among them, all labels equally common."""
    sample = pieces(HEADS[CATEGORY], 100, 102)
    return EncoderPriors(
        HEADS,
        ReferenceSample(
            np.array([HEADS[CATEGORY].index(piece.category) for piece in sample]),
            np.array([piece.vector for piece in sample]),
            np.array([pack_attributes(piece.shares, HEADS) for piece in sample]),
        ),
    )


NO_FEEDBACK = FeedbackVectors(np.zeros((0, DIM), np.float32), np.zeros((0, DIM), np.float32), np.zeros(0, np.uint64))


def profile_of(
    owned: Iterable[Piece] | Mapping[str, ClosetEntry], feedback: FeedbackVectors = NO_FEEDBACK
) -> UserProfile:
    """Return the profile of a person who owns these pieces, or these entries by item id."""
    entries = owned if isinstance(owned, Mapping) else {piece.id: piece.entry for piece in owned}
    closet = Closet("ann", {item_id: {ENCODER.id: entry} for item_id, entry in entries.items()}, 1)
    return UserProfile(closet.arrays(ENCODER.id), derive_taste(closet, ENCODER.id, priors()), priors(), feedback)


def random_closet(seed: int, count: int = 12) -> list[Piece]:
    """Draw a closet of two or three colours, one gender and one usage, in which one piece in five has other labels."""
    random = np.random.default_rng(seed)
    colours = set(random.permutation(HEADS[COLOUR])[: 2 + seed % 2].tolist())
    gender, usage = HEADS[GENDER][seed % 2], HEADS[USAGE][seed % 3]
    stock = pieces(("Bottomwear", "Shoes", "Topwear"), 10, 14)
    fits = np.array([p.colour in colours and p.gender in (gender, UNISEX) and p.usage == usage for p in stock])
    probabilities = np.where(fits, 0.8 / fits.sum(), 0.2 / (~fits).sum())
    return [stock[place] for place in random.choice(len(stock), count, replace=False, p=probabilities)]


def ranking_queries(filters: st.SearchStrategy[Filters] | None = None) -> st.SearchStrategy[RankingQuery]:
    """Draw queries with any settings; without filters unless a strategy for them is given."""
    setting = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
    return st.builds(
        RankingQuery,
        count=st.integers(1, 100),
        seed=st.integers(0, 2**53 - 1),
        filters=st.just(Filters()) if filters is None else filters,
        explore=setting,
        serendipity=setting,
        mix=setting,
        own_similar=st.booleans(),
    )
