"""The steps of the demo: fill a catalog, add a wardrobe as a person would, and ask for recommendations."""

import csv
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.left_out import count_reasons
from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.bootstrap import open_store
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.errors import InvalidInput, Transient
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.person import Person, Refused
from closetspace_infra.local.ports import HANG_SECONDS

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif")
SETTLED = ("ready", "failed")
WARM_CALLS = 20
REPORTED = ("id", "name", "brand", "src", "category", "score", "because")

ProgressBar = Callable[[int, int], None]


@dataclass(frozen=True)
class Photo:
    """A photo to upload, with its owner's name for the garment and its brand."""

    path: Path
    name: str = ""
    brand: str = ""


@dataclass
class Report:
    """The results of a run, in the structure of the demo's JSON."""

    stack: dict[str, Any]
    catalog: dict[str, Any] = field(default_factory=dict)
    wardrobe: list[dict[str, Any]] = field(default_factory=list)
    recommendations: list[dict[str, Any]] = field(default_factory=list)
    timings_ms: dict[str, Any] = field(default_factory=dict)

    def ask(self, person: Person, count: int = 20) -> None:
        """Call `recommend` once cold and then warm; add the answer and the timings.

        Without a ready photo nothing is called, and the timings are None.
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
        """Whether all photos are ready and something was recommended."""
        ready = [photo["status"] == "ready" for photo in self.wardrobe]
        return bool(ready) and all(ready) and bool(self.recommendations)


def find_photos(folder: Path, limit: int | None) -> list[Photo]:
    """Return the photos at any depth of a folder, with the names in its ``wardrobe.csv`` (file, name, brand), if any.

    A limit takes them evenly from the sorted files, so that a few photos of a sorted collection still make a wardrobe.
    Raises `InvalidInput` if there are none.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PHOTOS]
    if not paths:
        raise InvalidInput("photos_empty", f"{folder} has no photos ({', '.join(PHOTOS)}).")
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
    """Import the catalog, build and publish an index.

    Returns the report's ``catalog``, in which ``build_ms`` includes all of this, and the number of left-out products by
    reason.
    """
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
    """Upload the photos, each once the previous one is settled; return the report's ``wardrobe``."""
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
    raise Transient(f"{item_id} was not settled within {HANG_SECONDS:.0f} s: see the stack's log.")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
