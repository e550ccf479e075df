"""The demo's steps: fill a catalog, add a wardrobe as a person would, ask for recommendations."""

import csv
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.source import count_reasons
from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.bootstrap import open_store
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.errors import InvalidInput, Transient
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.person import Person, Refused
from closetspace_infra.local.ports import HANG_SECONDS

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
SETTLED = ("ready", "failed")
WARM_CALLS = 20
REPORTED = ("id", "name", "brand", "src", "category", "score", "because")

ProgressBar = Callable[[int, int], None]


@dataclass(frozen=True)
class Photo:
    """A photo to upload, with what its owner calls it."""

    path: Path
    name: str = ""
    brand: str = ""


@dataclass
class Report:
    """What a run saw, in the shape of the demo's JSON."""

    stack: dict[str, Any]
    catalog: dict[str, Any] = field(default_factory=dict)
    wardrobe: list[dict[str, Any]] = field(default_factory=list)
    recommendations: list[dict[str, Any]] = field(default_factory=list)
    timings_ms: dict[str, Any] = field(default_factory=dict)

    def ask(self, person: Person, count: int = 20) -> None:
        """Call `recommend` for the first time and then warm; fills in the answer and the timings.

        Without a ready photo there is nothing to ask, and no time to tell.
        """
        ready = [photo["ready_ms"] for photo in self.wardrobe if photo["status"] == "ready"]
        if not ready:
            self.timings_ms = dict.fromkeys(("photo_to_ready_p50", "recommend_first", "recommend_p50"))
            return
        started = time.perf_counter()
        answer = person.call("recommend", {"count": count, "seed": 1})
        first, warm = _since(started), []
        for _ in range(WARM_CALLS):
            started = time.perf_counter()
            person.call("recommend", {"count": count, "seed": 1})
            warm.append(_since(started))
        self.recommendations = [{key: item[key] for key in REPORTED} for item in answer["items"]]
        self.timings_ms = {
            "photo_to_ready_p50": round(statistics.median(ready), 1),
            "recommend_first": first,
            "recommend_p50": round(statistics.median(warm), 1),
        }

    @property
    def ok(self) -> bool:
        """Whether every photo is ready and something was recommended."""
        ready = [photo["status"] == "ready" for photo in self.wardrobe]
        return bool(ready) and all(ready) and bool(self.recommendations)


def find_photos(folder: Path, limit: int | None) -> list[Photo]:
    """Photos at any depth of a folder, with names where its ``wardrobe.csv`` (file, name, brand) has them.

    A limit takes them evenly from the folder's parts, so that a few photos of a sorted collection still make
    a wardrobe.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PHOTOS]
    if not paths:
        raise InvalidInput("photos_empty", f"{folder} holds no photos ({', '.join(PHOTOS)}).")
    if limit is not None and limit < len(paths):
        paths = [paths[i * len(paths) // limit] for i in range(limit)]
    named = _named_in(folder / "wardrobe.csv")
    return [Photo(p, *(named.get(p.name, {}).get(column) or "" for column in ("name", "brand"))) for p in paths]


def _named_in(table: Path) -> dict[str | None, dict[str, str | None]]:
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8-sig") as file:
        return {row.get("file"): row for row in csv.DictReader(file)}


def fill_catalog(
    folder: Path, bucket: str, importing: ProgressBar, embedding: ProgressBar
) -> tuple[dict[str, Any], Mapping[str, int]]:
    """Import, build and publish; returns the report's ``catalog`` (``build_ms`` is all of it), and how many products
    were left out by reason."""
    store = open_store(f"gs://{bucket}")
    started = time.perf_counter()
    _, left_out = import_folder(store, folder, importing)
    built = build_index(store, embedding)
    IndexVersions(store).publish(built.manifest.version, datetime.now(UTC))
    catalog = {
        "items": built.manifest.count,
        "index_version": built.manifest.version,
        "build_ms": _since(started),
    }
    return catalog, {**left_out, **count_reasons(built.left_out)}


def add_wardrobe(person: Person, photos: list[Photo], progress: ProgressBar) -> list[dict[str, Any]]:
    """Upload one photo after the other, each when the one before is settled; returns the report's ``wardrobe``."""
    added = []
    for number, photo in enumerate(photos, start=1):
        added.append(_add(person, f"item-{number:03d}", photo))
        progress(number, len(photos))
    return added


def _add(person: Person, item_id: str, photo: Photo) -> dict[str, Any]:
    path = f"{photo_folder(person.uid, item_id)}photo{photo.path.suffix.lower()}"
    fields = {"uid": person.uid, "name": photo.name, "brand": photo.brand, "photo_path": path}
    started = time.perf_counter()
    try:
        person.upload(path, photo.path.read_bytes())
        person.write(f"wardrobe/{item_id}", fields)
        state = _settled(person, item_id)
    except Refused as refused:
        state = {"status": "failed", "error": {"code": "refused", "message": f"The rules refused it: {refused}"}}
    return {
        "id": item_id,
        "file": f"{photo.path.parent.name}/{photo.path.name}",
        "status": state["status"],
        "category": state.get("category"),
        "ready_ms": _since(started),
        **({"error": state["error"]} if state.get("error") else {}),
    }


def _settled(person: Person, item_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        state = person.read(f"item_state/{item_id}")
        if state and state["status"] in SETTLED:
            return state
        time.sleep(0.02)
    raise Transient(f"{item_id} was not settled within {HANG_SECONDS:.0f} s; the stack's log says why.")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
