"""The publication of indexes: the content of ``index/current.json``, which names the versions in use."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from closetspace.errors import Incompatible

CURRENT = "index/current.json"

MAX_HISTORY = 20
"""Earlier versions that are kept for rollbacks."""


@dataclass(frozen=True)
class Published:
    """A version and the sha256 of its manifest, which has those of all other files."""

    version: str
    manifest_sha256: str


@dataclass(frozen=True)
class Current:
    """The version in use and, during a change of the encoder, a ``candidate`` built by the other encoder.

    ``history`` lists earlier versions, the latest first. ``generation`` is the generation of the object in the store.
    """

    version: str
    manifest_sha256: str
    published_at: str
    history: tuple[str, ...] = ()
    candidate: Published | None = None
    generation: int = 0

    @classmethod
    def first(cls, published: Published, now: datetime) -> "Current":
        """Return the first publication of a store."""
        return cls(published.version, published.manifest_sha256, now.isoformat())

    @property
    def live(self) -> tuple[Published, ...]:
        """All versions that serve requests, the one in use first."""
        in_use = Published(self.version, self.manifest_sha256)
        return (in_use, self.candidate) if self.candidate else (in_use,)

    def with_version(self, published: Published, now: datetime) -> "Current":
        """Return the publication with another version in use, and the previous one first in its history."""
        earlier = tuple(v for v in (self.version, *self.history) if v != published.version)
        return replace(self.first(published, now), history=earlier[:MAX_HISTORY], candidate=self.candidate)

    def with_candidate(self, published: Published | None, now: datetime) -> "Current":
        """Return the publication with another candidate, or without one."""
        return replace(self, candidate=published, published_at=now.isoformat())

    def to_json(self) -> bytes:
        """Return the content of the file."""
        # The file has called the candidate "beside" since its first release.
        names = {"candidate": "beside"}
        fields = {names.get(k, k): v for k, v in asdict(self).items() if v is not None and k != "generation"}
        return json.dumps(fields, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes, generation: int) -> "Current":
        """Parse the file. Raises `Incompatible` if it is unreadable."""
        try:
            fields = json.loads(data)
            in_use = _published(fields)
            return cls(
                in_use.version,
                in_use.manifest_sha256,
                published_at=str(fields["published_at"]),
                history=tuple(fields["history"]),
                candidate=_published(fields["beside"]) if fields.get("beside") else None,
                generation=generation,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Incompatible(f"{CURRENT} is not readable: {exc}") from exc


def _published(fields: Mapping[str, Any]) -> Published:
    return Published(str(fields["version"]), str(fields["manifest_sha256"]))
