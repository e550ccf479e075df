"""Odd, broken, hostile and mutated photos: each becomes ready or fails with a sentence, at a bounded cost."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from closetspace.adapters.images.sandbox import DecodingPool
from closetspace.bootstrap import decoding_pool, load_encoder
from closetspace.domain.encoder.encoding import Encoder
from closetspace.domain.wardrobe.item import Fault
from closetspace.errors import InvalidInput
from closetspace.services.embed_photo import PhotoEmbedder
from closetspace.settings import Settings
from tests.support.journey import photo
from tests.support.photo_files import bad_photos, hostile_photos, odd_photos
from tests.torture.kept import check_kept, read_kept
from tests.torture.mutations import mutate
from tests.torture.trial import Context, Cost, Row, Timer, Verdict
from tests.torture.wardrobes import CLIENTS, Content, add, expect, settle

PEOPLE = 10
MUTATED = 500
MUTATED_BYTES = 1_000_000
"""Larger files are not mutated: their uploads would take most of the time."""

File = tuple[str, bytes]


def photos(context: Context) -> Iterator[Row]:
    """Upload every file, and then the mutations."""
    files = [*odd_photos(), *bad_photos(), *hostile_photos(), *_cases(context.cases)]
    timer = Timer()
    yield timer.row(f"{len(files)} odd, broken and hostile photos", _upload(context, files))
    draw = context.random("mutations")
    small = [file for file in files if 0 < len(file[1]) <= MUTATED_BYTES]
    mutated = [mutate(draw, small) for _ in range(MUTATED)]
    yield timer.row(f"{MUTATED} mutations of them", _upload(context, mutated))


def _cases(folder: Path | None) -> list[File]:
    paths = sorted(folder.iterdir()) if folder else []
    return [(path.name, path.read_bytes()) for path in paths if path.is_file()]


def _upload(context: Context, files: Sequence[File]) -> Verdict:
    """Upload files as items of several people, and one good photo at the end, which a dead decoder would not take."""
    journey = context.journey
    people = [journey.person() for _ in range(PEOPLE)]
    inspected = enumerate(_inspect(context, files))
    jobs = [(people[number % PEOPLE], journey.new_id(), content) for number, content in inspected]
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda job: add(journey, *job), jobs))
    settled = settle(journey, context.say)
    jobs.append((people[0], journey.new_id(), Content(photo(1), "", "ready", None)))
    add(journey, *jobs[-1])
    settled &= settle(journey, context.say)
    expected = {item_id: expect(journey, person, item_id, content) for person, item_id, content in jobs}
    verdict = check_kept(expected, read_kept(journey.stack.bucket, {person.uid for person in people}))
    names = [name for name, _ in files] + ["the good photo at the end"]
    named = {item_id: name for (_, item_id, _), name in zip(jobs, names, strict=True)}
    lost = {named.get(subject, subject): why for subject, why in verdict.lost.items()}
    verdict = Verdict(len(expected), lost, verdict.leaked)
    return verdict if settled else verdict.with_loss("events", "fail every time")


def _inspect(context: Context, files: Sequence[File]) -> Iterator[Content]:
    """Yield each file with what `closetspace photo inspect` says of it, and note its cost."""
    settings = Settings.from_env()
    encoder = load_encoder(settings)
    with closing(decoding_pool(settings)) as pool:
        pool(files[0][1])  # the first photo also starts the processes
        for name, data in files:
            yield _measure(context.costs, name, data, pool, encoder, settings)


def _measure(
    costs: list[Cost], name: str, data: bytes, pool: DecodingPool, encoder: Encoder, settings: Settings
) -> Content:
    began = time.perf_counter()
    decoding = pool.measure(data)
    costs.append(Cost(f"photo {name}", (time.perf_counter() - began) * 1000, decoding.cpu_seconds, decoding.megabytes))
    try:
        embedded = PhotoEmbedder(lambda _: decoding.unwrap(), encoder, settings).embed(data)
    except InvalidInput:
        return Content(data, "", "failed", None)
    status = "failed" if isinstance(embedded.verdict, Fault) else "ready"
    return Content(data, "", status, embedded.encoding.vector)
