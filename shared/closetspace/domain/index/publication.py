"""Which indexes are in use: what ``index/current.json`` says, and how it may change."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from closetspace.domain.index.bundle import CURRENT
from closetspace.errors import Incompatible

HISTORY = 20
"""Earlier versions that are remembered for rollbacks."""


@dataclass(frozen=True)
class Published:
    """A version and the checksum of its manifest, which has those of all its files."""

    version: str
    manifest_sha256: str


@dataclass(frozen=True)
class Current:
    """The version in use, and while the encoder is being changed one of the other encoder ``beside`` it.

    ``history`` lists earlier versions, the latest first. ``generation`` is that of the object.
    """

    version: str
    manifest_sha256: str
    published_at: str
    history: tuple[str, ...] = ()
    beside: Published | None = None
    generation: int = 0

    @classmethod
    def first(cls, published: Published, now: datetime) -> "Current":
        """The first publication of a store."""
        return cls(published.version, published.manifest_sha256, now.isoformat())

    @property
    def live(self) -> tuple[Published, ...]:
        """Every version that answers, the one in use first."""
        main = Published(self.version, self.manifest_sha256)
        return (main, self.beside) if self.beside else (main,)

    def with_version(self, published: Published, now: datetime) -> "Current":
        """Another version in use; the one before goes down in history."""
        earlier = tuple(v for v in (self.version, *self.history) if v != published.version)
        return replace(self.first(published, now), history=earlier[:HISTORY], beside=self.beside)

    def with_beside(self, published: Published | None, now: datetime) -> "Current":
        """Another version, or none, beside the one in use."""
        return replace(self, beside=published, published_at=now.isoformat())

    def to_json(self) -> bytes:
        """The file."""
        fields = {name: value for name, value in asdict(self).items() if value is not None and name != "generation"}
        return json.dumps(fields, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes, generation: int) -> "Current":
        """Read the file. Raises `Incompatible` when it is unreadable."""
        try:
            fields = json.loads(data)
            beside = fields.get("beside")
            return cls(
                version=str(fields["version"]),
                manifest_sha256=str(fields["manifest_sha256"]),
                published_at=str(fields["published_at"]),
                history=tuple(fields["history"]),
                beside=Published(str(beside["version"]), str(beside["manifest_sha256"])) if beside else None,
                generation=generation,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Incompatible(f"{CURRENT} is not readable: {exc}") from exc
