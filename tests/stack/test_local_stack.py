"""The local stack with small functions: the events that reach Python, and that no process is left."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud import firestore, storage

from closetspace.errors import FailedPrecondition
from closetspace_infra.local import fireemu
from closetspace_infra.local.ports import Ports
from closetspace_infra.local.stack import LocalStack
from tests.support.paths import REPOSITORY
from tests.support.waiting import eventually

# Each function appends its input to the journal, which the tests read.
MAIN = """
import json, os, time
from pathlib import Path
from firebase_functions import firestore_fn, https_fn, scheduler_fn, storage_fn

JOURNAL = Path(os.environ["JOURNAL"])

def note(function, **what):
    with JOURNAL.open("a") as journal:
        journal.write(json.dumps({"function": function, **what}) + "\\n")

def seen(function, document):
    lines = JOURNAL.read_text().splitlines() if JOURNAL.exists() else []
    return any(json.loads(line).get("document") == document for line in lines)

@firestore_fn.on_document_written(document="wardrobe/{item}")
def item_written(event):
    after = event.data.after
    repeated = seen("item_written", event.document)
    note("item_written", document=event.document, params=event.params, event=event.id,
         value=after.get("name") if after else None, bytes=after.get("vector").hex() if after else None)
    if "dies-once" in event.document and not repeated:
        time.sleep(600)
    if "fails-once" in event.document and not repeated:
        raise RuntimeError("on purpose")

@storage_fn.on_object_finalized()
def photo_finalized(event):
    note("photo_finalized", name=event.data.name, generation=event.data.generation, bucket=event.data.bucket,
         time=event.time.isoformat())

@scheduler_fn.on_schedule(schedule="every 10 minutes")
def sweep(event):
    note("sweep", job=event.job_name)

@https_fn.on_call()
def whoami(request):
    return {"uid": request.auth.uid if request.auth else None, "data": request.data}

for function in (item_written, photo_finalized):
    function.__firebase_endpoint__.eventTrigger["retry"] = True
"""

Entry = dict[str, Any]


class Running:
    """The stack under test, with clients and the journal of its functions."""

    def __init__(self, stack: LocalStack, journal: Path, log: Path) -> None:
        self.stack = stack
        self.log = log
        self._journal = journal
        self.database = firestore.Client(project=stack.project)
        self.bucket = storage.Client(project=stack.project).bucket(stack.bucket)

    def noted(self, function: str, **fields: object) -> list[Entry]:
        """Return the journal's entries of a function with these values."""
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        entries: list[Entry] = [json.loads(line) for line in lines]
        return [e for e in entries if e["function"] == function and fields.items() <= e.items()]

    def write(self, item: str, name: str = "a coat") -> None:
        """Write an item, which triggers ``item_written``."""
        self.database.document(f"wardrobe/{item}").set({"name": name, "vector": bytes([0, 1, 255])})

    def call(self, headers: dict[str, str]) -> httpx.Response:
        """Call ``whoami`` by the callable protocol."""
        return httpx.post(self.url("whoami"), json={"data": {"a": 1}}, headers=headers)

    def settle_retries(self, document: str) -> None:
        """Wait until a document's event has failed, and move the clock on to its retry."""
        functions = self.stack.control.functions
        eventually(lambda: functions()["retryWaiting"] or len(self.noted("item_written", document=document)) > 1)
        self.stack.control.advance_clock(60)
        self.stack.control.await_idle()

    def url(self, name: str) -> str:
        return f"http://{self.stack.addresses.functions}/{self.stack.project}/us-central1/{name}"


def skip_unless_installed() -> None:
    try:
        fireemu.find_program()
    except FailedPrecondition as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    skip_unless_installed()
    folder = tmp_path_factory.mktemp("tiny")
    source = tiny_functions(folder)
    journal, log = folder / "journal.jsonl", folder / "stack.log"
    stack = LocalStack(functions_source=source, log=log, environment={"JOURNAL": str(journal)})
    with stack, pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        yield Running(stack, journal, log)


def tiny_functions(folder: Path) -> Path:
    source = folder / "functions"
    source.mkdir()
    (source / "main.py").write_text(MAIN)
    return source


def test_firestore_event_has_the_form_of_production(running: Running) -> None:
    running.write("one", "a coat")

    [entry] = eventually(lambda: running.noted("item_written", document="wardrobe/one"))
    assert entry["params"] == {"item": "one"}
    assert entry["value"] == "a coat"
    assert entry["bytes"] == "0001ff"


def test_pattern_matches_only_documents_of_its_depth(running: Running) -> None:
    running.write("deep/below/it")
    running.write("flat")

    eventually(lambda: running.noted("item_written", document="wardrobe/flat"))
    running.stack.control.await_idle()
    assert not running.noted("item_written", document="wardrobe/deep/below/it")


def test_storage_event_has_name_and_generation(running: Running) -> None:
    blob = running.bucket.blob("users/u/wardrobe/i/photo é.jpg")
    blob.upload_from_string(b"photo", content_type="image/jpeg")

    [entry] = eventually(lambda: running.noted("photo_finalized"))
    assert (entry["name"], entry["bucket"]) == (blob.name, running.stack.bucket)
    assert str(entry["generation"]) == str(blob.generation)


def test_failed_event_is_delivered_again_and_its_traceback_logged(running: Running) -> None:
    running.write("fails-once")

    running.settle_retries("wardrobe/fails-once")
    first, second = running.noted("item_written", document="wardrobe/fails-once")
    assert first["event"] == second["event"]
    log = running.log.read_text()
    assert 'main.py", line' in log
    assert "RuntimeError: on purpose" in log


def test_event_is_delivered_again_after_a_crash(running: Running) -> None:
    running.write("dies-once")
    eventually(lambda: running.noted("item_written", document="wardrobe/dies-once"))
    running.stack.crash_functions()

    running.settle_retries("wardrobe/dies-once")
    assert len(running.noted("item_written", document="wardrobe/dies-once")) == 2


def test_fault_plan_duplicates_a_delivery(running: Running) -> None:
    written = "google.cloud.firestore.document.v1.written"
    running.stack.control.fault_plan([{"match": {"eventType": written}, "action": {"type": "duplicate", "count": 1}}])
    running.write("twice")
    running.stack.control.await_idle()
    running.stack.control.clear_faults()

    assert len(running.noted("item_written", document="wardrobe/twice")) == 2


def test_scheduled_function_runs_once_the_clock_reaches_it(running: Running) -> None:
    running.stack.control.advance_clock(600)

    entry, *_ = eventually(lambda: running.noted("sweep"))
    assert "sweep" in entry["job"]


def test_callable_gets_the_signed_in_user(running: Running) -> None:
    sign_up = f"http://{running.stack.addresses.auth}/identitytoolkit.googleapis.com/v1/accounts:signUp"
    person = httpx.post(f"{sign_up}?key=local", json={"returnSecureToken": True}).json()

    answer = running.call({"Authorization": f"Bearer {person['idToken']}"})
    assert answer.json() == {"result": {"uid": person["localId"], "data": {"a": 1}}}


def test_callable_without_a_token_gets_no_user(running: Running) -> None:
    assert running.call({}).json()["result"]["uid"] is None


def test_callable_answers_a_browsers_preflight(running: Running) -> None:
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    headers["Access-Control-Request-Headers"] = "authorization,content-type"

    answer = httpx.options(running.url("whoami"), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] in ("*", "http://localhost:3000")
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


def test_no_process_is_left_after_stop(tmp_path: Path) -> None:
    skip_unless_installed()
    source = tiny_functions(tmp_path)
    stack = LocalStack(functions_source=source, project="demo-stopped", environment={"JOURNAL": "journal"})
    with stack:
        marked = processes_of(stack.addresses.functions, stack.project)
        folders = list(Path(tempfile.gettempdir()).glob("closetspace-local-*"))
    assert len(marked) >= 4
    assert not [process for process in marked if process.exists()]
    assert not [folder for folder in folders if "demo-stopped" in read_or_empty(folder / "bridge/endpoints.json")]


def test_functions_that_cannot_be_imported_fail_the_start(tmp_path: Path) -> None:
    skip_unless_installed()
    source = tmp_path / "functions"
    source.mkdir()
    (source / "main.py").write_text("import no_such_module\n")

    with pytest.raises(Exception, match="No module named 'no_such_module'"):
        LocalStack(functions_source=source).start()


def test_stack_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    skip_unless_installed()
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from closetspace_infra.local.stack import LocalStack
        source = Path({str(tiny_functions(tmp_path))!r})
        with LocalStack(functions_source=source, project="demo-killed", environment={{"JOURNAL": "j"}}) as stack:
            print(stack.addresses.functions, flush=True)
            time.sleep(600)
    """)
    path = os.pathsep.join([str(REPOSITORY / "shared"), str(REPOSITORY)])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    with parent.stdout as output:
        marked = processes_of(output.readline().decode().strip(), "--project demo-killed")
    parent.kill()
    parent.wait()

    assert len(marked) >= 4
    eventually(lambda: not [process for process in marked if process.exists()])


def test_other_systems_are_referred_to_the_official_emulators(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match=r"no program for darwin-arm64.*make emulators"):
        fireemu.find_program(tmp_path, "darwin-arm64")


def test_official_emulators_know_the_same_bucket_and_ports() -> None:
    """So a frontend's configuration fits both."""
    command = re.search(r"STORAGE_BUCKET_URL=(\S+) .* --project (\S+)", (REPOSITORY / "Makefile").read_text())
    assert command
    stack = LocalStack(ports=Ports())
    assert command.groups() == (stack.bucket, stack.project)
    configured = json.loads((REPOSITORY / "firebase.json").read_text())["emulators"]
    assert {name: each["port"] for name, each in configured.items()} == asdict(Ports())


def test_missing_installation_names_the_command_to_install(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="npm ci --prefix infra/local"):
        fireemu.find_program(tmp_path, "linux-x64")


def processes_of(*words: str) -> list[Path]:
    """Return the entries in /proc of processes with one of the words in their command line."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc to find processes")
    others = (process for process in Path("/proc").glob("[0-9]*") if process.name != str(os.getpid()))
    return [p for p in others if any(w in read_or_empty(p / "cmdline").replace("\0", " ") for w in words)]


def read_or_empty(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def test_port_in_use_is_named(tmp_path: Path) -> None:
    with ExitStack() as held, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = replace(Ports.free(held), functions=taken.getsockname()[1])
        with pytest.raises(FailedPrecondition, match=rf"{ports.functions} \(functions\).*--free-ports"):
            LocalStack(ports=ports, functions_source=tmp_path).start()
