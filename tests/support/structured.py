"""A world of garments whose vectors and heads follow from their labels, for tests of what is recommended.

A vector is made of blocks of unit length side by side, each with its share of the cosine, as fashion-1's is; every
label has a direction of its own in its block, and every garment is a little off it. All of it follows from names,
so that any process makes the same.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from tests.unit.adapters.test_index import NOW

HEADS = {
    CATEGORY: ("Bottomwear", "Dress", "Hats", "Shoes", "Topwear"),
    COLOUR: ("Red", "Blue", "Black", "White", "Green", "Yellow"),
    GENDER: ("Men", "Women", "Unisex"),
    USAGE: ("Casual", "Formal", "Sports"),
}
OFFERED = ("Bottomwear", "Dress", "Shoes", "Topwear")
"""Categories that the catalog has; nobody sells hats."""

BLOCKS = {"article": 10, COLOUR: 8, GENDER: 4, USAGE: 6, "look": 12}
SHARES = {"article": 0.3, COLOUR: 0.25, GENDER: 0.1, USAGE: 0.15, "look": 0.2}
OFF = 0.12
"""Standard deviation of a garment's numbers from its label's."""

DIM = sum(BLOCKS.values())
ENCODER = EncoderDescriptor("labels-1", DIM, HEADS, {}, blocks=BLOCKS)
BRANDS = ("Arket", "Cos", "Fila", "Gap", "Nike", "Puma", "Stussy", "Zara")


@dataclass(frozen=True)
class Piece:
    """A garment by its labels; of those with the same labels, which."""

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
        """Its embedding, ``(DIM,) float32`` of unit length."""
        labels = {"article": self.category, COLOUR: self.colour, GENDER: self.gender, USAGE: self.usage}
        off = np.random.default_rng(list(self.id.encode())).standard_normal(DIM).astype(np.float32)
        blocks, start = list[FloatArray](), 0
        for name, size in BLOCKS.items():
            label = _direction(name, labels[name], size) if name in labels else np.zeros(size, np.float32)
            blocks.append(unit(label + np.float32(OFF) * off[start : start + size]) * np.float32(SHARES[name] ** 0.5))
            start += size
        return np.concatenate(blocks)

    @property
    def told(self) -> Mapping[str, Shares]:
        """What heads say: mostly the label, of the rest half is another label's and half nobody's."""
        sure = 0.85 + 0.01 * (self.number % 10)
        labels = {COLOUR: self.colour, GENDER: self.gender, USAGE: self.usage}
        others = {head: (1 - sure) / 2 / (len(HEADS[head]) - 1) for head in labels}
        return {
            head: {name: sure if name == label else others[head] for name in HEADS[head]}
            for head, label in labels.items()
        }

    @property
    def entry(self) -> ClosetEntry:
        """As its owner's closet has it, without a title."""
        return ClosetEntry(ENCODER.id, self.vector, self.category, self.id, pack_attributes(self.told, HEADS))


@cache
def _direction(block: str, label: str, size: int) -> FloatArray:
    return unit(np.random.default_rng(list(f"{block} {label}".encode())).standard_normal(size).astype(np.float32))


def pieces(categories: Iterable[str], first: int, last: int) -> list[Piece]:
    """One of every combination of labels for each number from ``first`` to before ``last``."""
    return [
        Piece(*labels) for labels in product(categories, HEADS[COLOUR], HEADS[GENDER], HEADS[USAGE], range(first, last))
    ]


CATALOG = {piece.id: piece for piece in pieces(OFFERED, 0, 6)}
"""1,296 products by id."""


def open_catalog(folder: Path) -> Bundle:
    """The catalog's index, made in an empty folder. A photo alone tells less than photo and name."""
    items = [
        IndexedItem(piece.id, _model(piece), _brand(piece), piece.category, piece.gender, float(place))
        for place, piece in enumerate(CATALOG.values())
    ]
    vectors = np.array([piece.vector for piece in CATALOG.values()])
    photos = unit(vectors + np.float32(0.1) * np.roll(vectors, 1, axis=0))
    told = np.array([pack_attributes(piece.told, HEADS) for piece in CATALOG.values()], np.uint8)
    encodings = EncodingBatch(vectors, quantize_photo_vectors(photos), told, tuple(item.category for item in items))
    write_bundle(folder, BundleContents(items, encodings, ENCODER, "structured"), NOW)
    return Bundle(folder, exact_scan_items=10_000)


def _model(piece: Piece) -> str:
    """A name; what is green comes in yellow too, as a variant."""
    colour = "Green" if piece.colour == "Yellow" else piece.colour
    return replace(piece, colour=colour).id


def _brand(piece: Piece) -> str:
    return BRANDS[zlib.crc32(_model(piece).encode()) % len(BRANDS)]


def listed(index: Index, ranked: Sequence[Ranked]) -> list[Piece]:
    """The garments of a list."""
    return [CATALOG[item.id] for item in index.items(np.array([one.row for one in ranked], np.int64))]


@cache
def priors() -> EncoderPriors:
    """What is usual: products that the catalog does not have, all labels alike often, hats among them."""
    sample = pieces(HEADS[CATEGORY], 100, 102)
    return EncoderPriors(
        HEADS,
        ReferenceSample(
            np.array([HEADS[CATEGORY].index(piece.category) for piece in sample]),
            np.array([piece.vector for piece in sample]),
            np.array([pack_attributes(piece.told, HEADS) for piece in sample]),
        ),
    )


NOTHING_SAID = FeedbackVectors(np.zeros((0, DIM), np.float32), np.zeros((0, DIM), np.float32), np.zeros(0, np.uint64))


def profile_of(owned: Iterable[Piece] | Mapping[str, ClosetEntry], said: FeedbackVectors = NOTHING_SAID) -> UserProfile:
    """Somebody who owns these; entries that are told by item id are taken as they are."""
    entries = owned if isinstance(owned, Mapping) else {piece.id: piece.entry for piece in owned}
    closet = Closet("ann", {item_id: {ENCODER.id: entry} for item_id, entry in entries.items()}, 1)
    return UserProfile(closet.arrays(ENCODER.id), derive_taste(closet, ENCODER.id, priors()), priors(), said)


def owned_by(seed: int, count: int = 12) -> list[Piece]:
    """A closet by chance: of two or three colours, one gender and one usage, with a piece in five from elsewhere."""
    random = np.random.default_rng(seed)
    colours = set(random.permutation(HEADS[COLOUR])[: 2 + seed % 2].tolist())
    gender, usage = HEADS[GENDER][seed % 2], HEADS[USAGE][seed % 3]
    stock = pieces(("Bottomwear", "Shoes", "Topwear"), 10, 14)
    fits = np.array([p.colour in colours and p.gender in (gender, UNISEX) and p.usage == usage for p in stock])
    chance = np.where(fits, 0.8 / fits.sum(), 0.2 / (~fits).sum())
    return [stock[place] for place in random.choice(len(stock), count, replace=False, p=chance)]


def any_query(filters: st.SearchStrategy[Filters] | None = None) -> st.SearchStrategy[RankingQuery]:
    """Dials anywhere, filters where a test tells which."""
    dial = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
    return st.builds(
        RankingQuery,
        count=st.integers(1, 100),
        seed=st.integers(0, 2**53 - 1),
        filters=st.just(Filters()) if filters is None else filters,
        explore=dial,
        serendipity=dial,
        mix=dial,
        own_similar=st.booleans(),
    )
