"""The frontend's SDK with the local stack."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.journey import Journey, photo
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS

SDK = REPOSITORY / "clients" / "web" / "node_modules" / "firebase"


needs_sdk = pytest.mark.skipif(not SDK.is_dir(), reason="the packages of clients/web are not installed")


def run_script(name: str, journey: Journey, folder: Path) -> Any:
    """Run a script of this folder as a new person with a photo; return the JSON that it prints."""
    (folder / "photo.jpg").write_bytes(photo(70))
    place = {
        "config": journey.stack.firebase_config,
        "ports": asdict(journey.stack.ports),
        "photo": str(folder / "photo.jpg"),
        "email": f"{uuid4().hex}@closetspace.example",
        "region": journey.stack.region,
    }
    command = ["node", str(Path(__file__).with_name(name)), str(SDK.parent), json.dumps(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_sdk
def test_web_sdk_uploads_a_photo_and_gets_recommendations(journey: Journey, tmp_path: Path) -> None:
    seen = run_script("web_sdk.mjs", journey, tmp_path)
    assert seen["empty"] == "functions/failed-precondition"
    assert seen["seen"][-1] == "ready"
    assert (seen["items"], seen["because"], seen["picture"], seen["photo"]) == (5, True, 200, 200)
    assert seen["closet"] == "permission-denied"


@needs_sdk
def test_documents_that_are_written_before_the_photo_and_again_from_copies_stay_right(
    journey: Journey, tmp_path: Path
) -> None:
    assert run_script("old_client.mjs", journey, tmp_path) == {
        "first": "waiting_for_photo",
        "thumbnailStays": True,
        "photoStays": True,
        "correctionStays": ["Shoes", ["red"]],
        "predictionReturns": True,
    }
