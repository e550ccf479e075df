"""Waiting times on the local stack, and of newly started processes."""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from urllib.parse import quote

import httpx

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.demo import run as demo_run
from catalog_jobs.demo.drawing import draw_catalog, draw_wardrobe
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace_infra.local.functions import instance
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack

LOG = Path(".local/bench.log")
COLD_STARTS, PHOTOS, BURST = 5, 20, 100
PATIENCE_SECONDS = 60.0


def measure(note: Note) -> list[Measurement]:
    """Start the local stack with a catalog, and measure as a client."""
    with (
        tempfile.TemporaryDirectory(prefix="closetspace-bench-") as name,
        LocalStack(log=LOG) as stack,
    ):
        folder = Path(name)
        os.environ.update(stack.environment)
        draw_catalog(folder / "catalog", items=240)
        draw_wardrobe(folder / "wardrobe")
        demo_run.fill_catalog(folder / "catalog", stack.bucket, lambda *_: None, lambda *_: None)
        person = Person.sign_up(stack.backend, "bench@closetspace.example", "a password")
        photos = demo_run.find_photos(folder / "wardrobe", None)
        note("photos, one after the other")
        ready = _one_by_one(person, [photos[i % len(photos)] for i in range(PHOTOS + 1)])
        note(f"{BURST} photos at once")
        burst = _burst(stack, photos)
        note("cold starts")
        embed = median(_first_embedding(stack, person, photos[0], number) for number in range(COLD_STARTS))
    return [
        Measurement("local stack, start to ready", stack.ready_ms, "ms", 10_000),
        Measurement("photo upload to ready, local stack, idle: p50", ready, "ms", 500),
        Measurement("100 photos of one person at once, until all are ready", burst, "s", 30),
        Measurement("from process start to the first embedded photo", embed, "s", 2.5),
    ]


def _one_by_one(person: Person, photos: list[demo_run.Photo]) -> float:
    """Return the median milliseconds from upload to ready. The first photo is a warm-up."""
    added = demo_run.add_wardrobe(person, photos, lambda *_: None)
    return median(float(photo["ready_ms"]) for photo in added[1:])


def _burst(stack: LocalStack, photos: list[demo_run.Photo]) -> float:
    person = Person.sign_up(stack.backend, "burst@closetspace.example", "a password")

    def add(number: int) -> None:
        photo = photos[number % len(photos)]
        path = f"{photo_folder(person.uid, f'burst-{number}')}photo{photo.path.suffix}"
        person.upload(path, photo.path.read_bytes())
        person.write(f"wardrobe/burst-{number}", {"uid": person.uid, "name": photo.name, "photo_path": path})

    started = time.perf_counter()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add, range(BURST)))
    _until(lambda: sum(s["status"] == "ready" for s in person.query("item_state", person.uid)) == BURST)
    return time.perf_counter() - started


def _first_embedding(stack: LocalStack, person: Person, photo: demo_run.Photo, number: int) -> float:
    """Return the seconds from the start of a process to the answer to its first event.

    The local stack holds back its own delivery of the event.
    """
    item_id = f"cold-{number}"
    path = f"{photo_folder(person.uid, item_id)}photo{photo.path.suffix}"
    stack.control.fault_plan([{"match": {"operation": "functions.invoke"}, "action": {"type": "timeout"}}])
    try:
        person.upload(path, photo.path.read_bytes())
        person.write(f"wardrobe/{item_id}", {"uid": person.uid, "name": photo.name, "photo_path": path})
        resource = httpx.get(
            f"http://{stack.addresses.storage}/storage/v1/b/{stack.bucket}/o/{quote(path, safe='')}",
            headers={"Authorization": "Bearer owner"},
        ).json()
        with instance(stack.environment, "photo_finalized", "cloudevent") as started:
            started.first_answer(json=resource, headers=_event_headers(stack, path)).raise_for_status()
            elapsed = time.perf_counter() - started.started
    finally:
        stack.control.clear_faults()
    state = person.read(f"item_state/{item_id}")
    if state is None or state["status"] != "ready":
        raise RuntimeError(f"{item_id} did not become ready: {state}")
    return elapsed


def _event_headers(stack: LocalStack, path: str) -> dict[str, str]:
    return {
        "ce-specversion": "1.0",
        "ce-id": "bench",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{stack.bucket}",
        "ce-subject": f"objects/{path}",
        "ce-time": "2026-01-01T00:00:00.000000Z",
    }


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.01)
