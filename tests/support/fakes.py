"""An encoder without networks, and wardrobes in memory with the services around them."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from closetspace.adapters.encoder.files import MANIFEST
from closetspace.adapters.memory import MemoryDatabase, MemoryObjects, MemoryPhotos
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE, EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoding, Garment, Picture, Shares
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import unit
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.domain.wardrobe.photo import PhotoSources, photo_folder
from closetspace.domain.wardrobe.state import Hint
from closetspace.errors import InvalidInput
from closetspace.services.audit import Auditor
from closetspace.services.item_photos import ItemPhotos
from closetspace.services.loss_guard import LossGuard
from closetspace.services.reconcile import Reconciler
from closetspace.services.refresh_taste import TasteKeeper
from closetspace.services.sweep import Sweeper
from closetspace.settings import Settings

CATEGORIES = ("Bottomwear", "Shoes", "Topwear")
HEADS = {
    CATEGORY: CATEGORIES,
    COLOUR: ("Red", "Blue", "Black"),
    GENDER: ("Men", "Women", "Unisex"),
    USAGE: ("Casual", "Formal"),
}


BUCKET = "people-photos"


@dataclass
class HashEncoder:
    """Equal garments get equal vectors, different ones get independent vectors.

    ``before`` is called before each garment. ``garment`` returns the probability that a photo shows a garment,
    ``categories`` the probabilities of categories, the likeliest first; by default neither is reported.
    """

    dim: int = 8
    id: str = "hash-1"
    before: Callable[[Garment], None] = lambda _: None
    garment: Callable[[Garment], float | None] = lambda _: None
    categories: Callable[[Garment], Shares] = lambda _: {}

    @property
    def descriptor(self) -> EncoderDescriptor:
        return EncoderDescriptor(self.id, self.dim, HEADS, {})

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        for garment in garments:
            self.before(garment)
        return [self._encode(garment) for garment in garments]

    def _encode(self, garment: Garment) -> Encoding:
        picture = b"" if garment.picture is None else garment.picture.tobytes()
        digest = hashlib.sha256(picture + f"|{garment.name}|{garment.brand}".encode()).digest()
        vector = np.random.default_rng(list(digest)).standard_normal(self.dim).astype(np.float32)
        categories = self.categories(garment)
        attributes = {COLOUR: {"Red": 0.9}} | ({CATEGORY: categories} if categories else {})
        category = next(iter(categories), CATEGORIES[digest[0] % 3])
        return Encoding(unit(vector), category, attributes, garment_probability=self.garment(garment))


def garment_probability(garment: Garment) -> float:
    """Return a low probability for a photo that begins with ``sofa``, a medium one for ``blur``, else a high one."""
    photo = b"" if garment.picture is None else garment.picture.tobytes()
    return 0.01 if photo.startswith(b"sofa") else 0.3 if photo.startswith(b"blur") else 0.9


def second_encoder(first: Path, folder: Path) -> Path:
    """Copy an encoder under another id. It reads the brand only, so items with a name get other vectors."""
    shutil.copytree(first, folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest |= {"id": f"{manifest['id']}.second", "lines": [["brand"] for _ in manifest["lines"]]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def decode_anything(data: bytes) -> Picture:
    """Return a picture of 64 x 64 pixels that repeats the bytes; bytes that begin with ``bad`` are refused."""
    if data.startswith(b"bad"):
        raise InvalidInput("photo_unreadable", "The photo can't be read. Upload another.")
    return np.resize(np.frombuffer(data, np.uint8), (64, 64, 3))


def shrink_anything(data: bytes, sides: Sequence[int]) -> list[bytes]:
    """Return one thumbnail a side, which says what it is of; bytes that begin with ``plain`` have none."""
    if data.startswith(b"plain"):
        raise InvalidInput("photo_too_costly", "The photo takes too long to open.")
    return [f"{side}: ".encode() + data for side in sides]


@dataclass
class World:
    """Wardrobes in memory, and the services that work on them.

    ``leaving`` has the people whose accounts are being deleted; ``now`` and ``seconds`` are what the clocks show.
    """

    database: MemoryDatabase = field(default_factory=lambda: MemoryDatabase(PhotoSources({"photos.example"}, BUCKET)))
    photos: MemoryObjects = field(default_factory=MemoryObjects)
    web: MemoryPhotos = field(default_factory=MemoryPhotos)
    encoder: HashEncoder = field(default_factory=HashEncoder)
    settings: Settings = field(default_factory=lambda: Settings(max_photo_bytes=1000))
    leaving: set[str] = field(default_factory=set)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.database,
            ItemPhotos(self.photos, self.web),
            decode_anything,
            shrink_anything,
            self.encoder,
            self.settings,
            self.database,
            lambda uid: uid in self.leaving,
            lambda: self.now,
        )

    @property
    def sweeper(self) -> Sweeper:
        auditor = Auditor(self.database, self.photos, self.database, self.settings, self.guard)
        return Sweeper(self.database, self.reconciler, auditor, self.settings, lambda: self.seconds)

    @property
    def guard(self) -> LossGuard:
        return LossGuard(self.database, self.database.accounts, self.database, self.photos)

    @property
    def taste_keeper(self) -> TasteKeeper:
        return TasteKeeper(self.database, self.encoder.id, self.priors)

    def priors(self, encoder_id: str) -> EncoderPriors:
        """Return the priors of any encoder: labels without a reference sample."""
        return EncoderPriors(HEADS)

    def write_item(self, item_id: str, uid: str = "ann", **fields: Any) -> None:
        path = f"{photo_folder(uid, item_id)}photo.jpg"
        self.database.documents[item_id] = {"uid": uid, "name": "", "photo_path": path} | fields

    def upload(self, item_id: str, data: bytes = b"a photo", uid: str = "ann") -> None:
        self.photos.write(f"{photo_folder(uid, item_id)}photo.jpg", data)

    def add(self, item_id: str, data: bytes = b"a photo", uid: str = "ann", **fields: Any) -> None:
        """Upload a photo, write its item and reconcile it."""
        self.upload(item_id, data, uid)
        self.write_item(item_id, uid, **fields)
        self.reconciler.reconcile(item_id)

    def entries(self, uid: str = "ann") -> dict[str, ClosetEntry]:
        """Return the encoder's entries of a person's closet."""
        return self.database.closet(uid).entries_of(self.encoder.id)

    def status(self, item_id: str) -> str:
        return self.database.states[item_id][0].status.value

    def hint(self, item_id: str) -> Hint | None:
        return self.database.states[item_id][0].hint

    def expected_vector(self, item_id: str) -> np.ndarray:
        """Return the vector that the item's current document and photo lead to."""
        document = self.database.documents[item_id]
        picture = decode_anything(self.photos.read(document["photo_path"]))
        garment = Garment(picture, document.get("name", ""), document.get("brand", ""))
        return HashEncoder(self.encoder.dim).encode([garment])[0].vector
