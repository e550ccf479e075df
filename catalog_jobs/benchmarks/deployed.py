"""Whole requests as deployed: a process of the function `recommend`, the callable protocol, and Firestore."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import httpx
from google.cloud import firestore

from catalog_jobs.benchmarks import Measurement, Note, percentile
from catalog_jobs.benchmarks.deployed_python import deployed_python, write_deployed_source
from catalog_jobs.benchmarks.synthetic import OWNED, SyntheticCatalog
from closetspace.adapters.firestore.closet_documents import ClosetWriter
from closetspace.adapters.firestore.transactions import run_transaction
from closetspace.bootstrap import Services, open_store
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.errors import FailedPrecondition
from closetspace.ports import ItemRecord, Put
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings
from closetspace_infra.local.functions import REPOSITORY, Instance, instance
from closetspace_infra.local.person import Person
from closetspace_infra.local.ports import HANG_SECONDS
from closetspace_infra.local.stack import LocalStack

COLD_STARTS = 5
WARM_UP, ROUNDS, REQUESTS, AT_ONCE = 30, 6, 80, 40

CPU_BEFORE = 15.0
"""Milliseconds of processor time per request when it was first measured, on this kind of machine: 60 % are aimed at."""

PRODUCTION = {"LOG_EXECUTION_ID": "true", "K_SERVICE": "recommend", "K_REVISION": "recommend-00001-abc"}
"""Environment variables of a process in the cloud."""


Start = Callable[[], AbstractContextManager[Instance]]
"""Starts a process of the function."""


def measure(note: Note) -> list[Measurement]:
    """Measure requests one after the other and at once, where their processor time goes, and cold starts."""
    try:
        python = deployed_python()
    except FailedPrecondition as error:
        note(f"left out: {error}")
        return []
    with _stack() as stack, tempfile.TemporaryDirectory(prefix="closetspace-bench-") as name:
        source = Path(name)
        write_deployed_source(source, python)
        people = [_person_with_a_closet(stack, number) for number in range(AT_ONCE)]
        environment = {**stack.environment, **PRODUCTION}
        start = partial(instance, environment, "recommend", "http", python, source)
        note(f"cold starts, on {_version(python)}")
        first = [_first_recommendation(start, people[0]) for _ in range(COLD_STARTS)]
        note("whole requests")
        with start() as process:
            warm = _WarmProcess(process, people)
            times, cpu = warm.one_by_one()
            per_second = warm.at_once()
        stages = _stages(environment, people[0], python, source)
    return [
        Measurement("whole request as deployed: processor time", cpu, "ms", 0.6 * CPU_BEFORE),
        *(Measurement(f"of it: {stage}", milliseconds, "ms", cpu) for stage, milliseconds in stages.items()),
        Measurement("of it: web server, protocol, token", cpu - sum(stages.values()), "ms", cpu),
        Measurement("whole request as deployed: p50", percentile(times, 50) * 1000, "ms", 25),
        Measurement("whole request as deployed: p99", percentile(times, 99) * 1000, "ms", 50),
        Measurement(f"whole requests, {AT_ONCE} people at once", per_second, "requests/s", 100, at_most=False),
        Measurement("from process start to the first recommendation", median(first), "s", 1.0),
    ]


@contextmanager
def _stack() -> Iterator[LocalStack]:
    """Start Firebase without our functions, with an index published."""
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as name:
        source, bundle = Path(name, "functions"), Path(name, "bundle")
        source.mkdir()
        bundle.mkdir()
        (source / "main.py").write_text("")
        with LocalStack(functions_source=source) as stack:
            os.environ.update(stack.environment)
            versions = IndexVersions(open_store(f"gs://{stack.bucket}"))
            manifest = SyntheticCatalog().write(bundle)
            versions.upload(bundle, manifest)
            versions.publish(manifest.version, datetime.now(UTC))
            yield stack


def _person_with_a_closet(stack: LocalStack, number: int) -> Person:
    person = Person.sign_up(stack.backend, f"bench-{number}@closetspace.example", "a password")
    client = firestore.Client()
    writer = ClosetWriter(client)
    ready = ItemState(person.uid, Status.READY, shard=0)

    def put(transaction: firestore.Transaction) -> None:
        for item_id, entry in SyntheticCatalog().closet(OWNED).items():
            writer.change(transaction, ItemRecord(item_id, None, None, None), ready, Put(entry), {})

    run_transaction(client, put)
    Services(Settings.from_env()).taste_keeper.refresh(person.uid)
    return person


def _version(python: Path) -> str:
    return subprocess.run([str(python), "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _first_recommendation(start: Start, person: Person) -> float:
    """Return the seconds from the start of a process to its first answer."""
    with start() as started:
        answer = started.first_answer(json={"data": {}}, headers=_headers(person))
        elapsed = time.perf_counter() - started.started
    if not answer.raise_for_status().json()["result"]["items"]:
        raise RuntimeError("the answer has no items")
    return elapsed


class _WarmProcess:
    """A process that has answered before, and people who ask it."""

    def __init__(self, process: Instance, people: Sequence[Person]) -> None:
        self._process, self._people = process, people
        self._http = httpx.Client(
            trust_env=False,
            timeout=HANG_SECONDS,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )
        process.first_answer(json={"data": {}}, headers=_headers(people[0]))
        for _ in range(WARM_UP):
            self._ask(0)

    def one_by_one(self) -> tuple[list[float], float]:
        """Return the seconds of each request, and the milliseconds of processor time of each.

        The latter are the least average of several rounds, because other programs disturb some.
        """
        rounds = [self._round() for _ in range(ROUNDS)]
        return [seconds for times, _ in rounds for seconds in times], min(cpu for _, cpu in rounds)

    def _round(self) -> tuple[list[float], float]:
        before = _cpu_seconds(self._process.process.pid)
        times = [self._ask(0) for _ in range(REQUESTS)]
        return times, (_cpu_seconds(self._process.process.pid) - before) / REQUESTS * 1000

    def at_once(self) -> float:
        """Return the requests per second of different people who ask at the same time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._ask, range(2 * AT_ONCE)))
            started = time.perf_counter()
            list(pool.map(self._ask, range(ROUNDS * REQUESTS)))
            return ROUNDS * REQUESTS / (time.perf_counter() - started)

    def _ask(self, number: int) -> float:
        headers = _headers(self._people[number % len(self._people)])
        started = time.perf_counter()
        self._http.post(self._process.address, json={"data": {}}, headers=headers).raise_for_status()
        return time.perf_counter() - started


def _headers(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


def _cpu_seconds(group: int) -> float:
    """Return the processor time so far of all processes of a group."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stages(environment: Mapping[str, str], person: Person, python: Path, source: Path) -> dict[str, float]:
    search = os.pathsep.join([str(source), str(REPOSITORY)])
    done = subprocess.run(
        [str(python), "-m", "catalog_jobs.benchmarks.stages", person.uid],
        env={**os.environ, **environment, "PYTHONPATH": search, "NO_GCE_CHECK": "true"},
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    )
    stages: dict[str, float] = json.loads(done.stdout)
    return stages
