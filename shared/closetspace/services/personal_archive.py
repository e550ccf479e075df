"""Write everything that a person has into an archive, piece by piece."""

import itertools
import json
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.person.archive_names import ArchiveNames
from closetspace.domain.person.personal_data import (
    FEEDBACK,
    PREFERENCES,
    SHOWN,
    STATES,
    TASTE,
    USAGE,
    WARDROBE,
    wardrobe_folder,
)
from closetspace.domain.taste.inferences import explain_taste
from closetspace.domain.wardrobe.thumbnails import owner_of_thumbnail
from closetspace.errors import NotFound
from closetspace.ports import ObjectStore, PersonalDocuments

READERS = 4
"""Photos that are read at the same time: at most 80 MB, and six times as fast as one after the other."""

MAX_LIST_BYTES = 1_000_000_000
"""Of a file with a list. Files from 2 GiB on need another format, which not every program unpacks from a stream; 5,000
items of 1 MB each, as clients may write them, are more."""

LEFT_OUT = "left_out.json"

FILES = {
    WARDROBE.exported_as: "your items, as you and the app wrote them",
    STATES.exported_as: "what became of each item: its status, category and colours",
    PREFERENCES.exported_as: "what you have set for all lists",
    FEEDBACK.exported_as: "what you said of recommended items",
    SHOWN.exported_as: "short keys of the items that were shown to you lately",
    TASTE.exported_as: "what was inferred from your photos: the share of your items that each category, colour, gender"
    " and usage has, and the certainty that you wear it",
    USAGE.exported_as: "how many of your photos were processed today",
    "photos/": "your photos, unchanged, in a folder for each item; those on other servers are in"
    f" {WARDROBE.exported_as} by their address, secure_url",
    LEFT_OUT: "photos that were deleted while this file was written; missing if there are none",
}

README = "\n".join(
    [
        "Your data in Closetspace\n",
        *(f"{name}\n    {text}" for name, text in FILES.items()),
        "\nThe files that end in .json are text in UTF-8, in the format JSON. Times are in UTC.\n",
    ]
)

Progress = Callable[[str], None]
"""Called before each file with its name; may raise to stop."""


@dataclass(frozen=True)
class PersonalArchive:
    """Writes archives in which only a few documents and photos are in memory at a time."""

    documents: PersonalDocuments
    objects: ObjectStore
    priors: Callable[[str], EncoderPriors | None]
    max_list_bytes: int = MAX_LIST_BYTES

    def write(self, stream: IO[bytes], uid: str, now: datetime, progress: Progress) -> None:
        """Write a person's archive into a stream, which need not be seekable."""
        with zipfile.ZipFile(stream, "w") as archive:
            writer = _Writer(archive, now, progress, self.max_list_bytes)
            writer.write("README.txt", README.encode())
            for collection in (WARDROBE, STATES, PREFERENCES, USAGE):
                writer.write_list(collection.exported_as, self.documents.documents(collection, uid))
            person = self.documents.derived(uid)
            opinions = ({"itemId": item_id, "kind": opinion.kind.value} for item_id, opinion in person.opinions.items())
            writer.write_list(FEEDBACK.exported_as, opinions)
            writer.write_list(SHOWN.exported_as, ({"seed": str(s.seed), "keys": s.keys} for s in person.shown.lists))
            priors = self.priors(person.taste.encoder) if person.taste else None
            inferred = explain_taste(person.taste, priors.heads if priors else None)
            writer.write(TASTE.exported_as, _json(inferred).encode())
            self._write_photos(writer, uid)

    def _write_photos(self, writer: "_Writer", uid: str) -> None:
        folder, names = wardrobe_folder(uid), ArchiveNames()
        left_out = []
        for name, photo in self._photos(folder):
            path = names.name("photos", name.removeprefix(folder))
            if photo is None:
                left_out.append(path)
            else:
                writer.write(path, photo)
        if left_out:
            writer.write_list(LEFT_OUT, left_out)

    def _photos(self, folder: str) -> Iterator[tuple[str, bytes | None]]:
        """Yield the names and bytes of all photos, in order; None for one that is gone."""
        reading: deque[tuple[str, Future[bytes | None]]] = deque()
        with ThreadPoolExecutor(READERS) as pool:
            for stat in self.objects.list(folder):
                if owner_of_thumbnail(stat.name):
                    continue
                reading.append((stat.name, pool.submit(self._read, stat.name)))
                if len(reading) == READERS:
                    name, photo = reading.popleft()
                    yield name, photo.result()
            while reading:
                name, photo = reading.popleft()
                yield name, photo.result()

    def _read(self, name: str) -> bytes | None:
        try:
            return self.objects.read(name)
        except NotFound:
            return None


@dataclass(frozen=True)
class _Writer:
    """Writes files into an archive.

    All of them are deflated: a stream has the size of a file behind it, and some programs can't unpack that of stored
    files. Level 0 leaves photos as they are, because compressing them again gains nothing.
    """

    archive: zipfile.ZipFile
    now: datetime
    progress: Progress
    max_list_bytes: int

    def write(self, name: str, content: bytes) -> None:
        self.progress(name)
        self.archive.writestr(self._info(name), content, compresslevel=0)

    def write_list(self, name: str, values: Iterable[Any]) -> None:
        """Write a list as JSON, one value a line, without holding it in memory; what is too long goes on in a file
        ``name-2.json``."""
        remaining = iter(values)
        for number in itertools.count(1):
            stem, _, extension = name.rpartition(".")
            self._write_part(name if number == 1 else f"{stem}-{number}.{extension}", remaining)
            following = list(itertools.islice(remaining, 1))
            if not following:
                return
            remaining = itertools.chain(following, remaining)

    def _write_part(self, name: str, values: Iterator[Any]) -> None:
        self.progress(name)
        with self.archive.open(self._info(name), "w") as file:
            size = file.write(b"[")
            for position, value in enumerate(values):
                size += file.write(f"{',' if position else ''}\n{_json(value)}".encode())
                if size > self.max_list_bytes:
                    break
            file.write(b"\n]\n")

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self.now.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        return info


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
