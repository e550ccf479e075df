"""``closetspace local up`` as a frontend's developer runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from closetspace_infra.local.person import Backend, Person
from tests.support.journey import photo
from tests.support.waiting import HANG_SECONDS, eventually

UP = [sys.executable, "-m", "catalog_jobs", "local", "up", "--free-ports"]


def test_json_is_one_line_once_recommendations_are_there(installed: None, drawn_catalog: Path, tmp_path: Path) -> None:
    command = [*UP, "--json", "--log", str(tmp_path / "log"), "--catalog", str(drawn_catalog)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            printed = json.loads(running.stdout.readline())
            assert printed["catalog"]["items"] == 60
            places = {name: printed["addresses"][name] for name in ("auth", "firestore", "storage", "functions")}
            config = printed["firebaseConfig"]
            backend = Backend(**places, project=config["projectId"], bucket=config["storageBucket"])
            person = Person.sign_up(backend, "a@closetspace.example", "a password")
            path = f"users/{person.uid}/wardrobe/shirt/photo.jpg"
            person.upload(path, photo(90))
            person.write("wardrobe/shirt", {"uid": person.uid, "photo_path": path})
            eventually(lambda: (person.read("item_state/shirt") or {}).get("status") == "ready")
            assert len(person.call("recommend", {"count": 5})["items"]) == 5
            running.send_signal(signal.SIGINT)
            rest, _ = running.communicate(timeout=HANG_SECONDS)
            assert (running.returncode, rest) == (0, "")
        finally:
            running.kill()


def test_folder_without_a_catalog_is_refused_before_anything_starts(tmp_path: Path) -> None:
    missing = tmp_path / "shop"
    done = subprocess.run([*UP, "--catalog", str(missing)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {missing} is not a catalog: it needs products.csv and images/.\n"
