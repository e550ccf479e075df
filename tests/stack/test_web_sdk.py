"""The frontend's SDK with the local stack."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.journey import Journey, photo
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS

SDK = REPOSITORY / "clients" / "web" / "node_modules" / "firebase"


@pytest.mark.skipif(not SDK.is_dir(), reason="the packages of clients/web are not installed")
def test_web_sdk_uploads_a_photo_and_gets_recommendations(journey: Journey, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo(70))
    place = {
        "config": journey.stack.firebase_config,
        "ports": asdict(journey.stack.ports),
        "photo": str(tmp_path / "photo.jpg"),
        "email": f"{uuid4().hex}@closetspace.example",
        "region": journey.stack.region,
    }
    script = Path(__file__).with_name("web_sdk.mjs")
    command = ["node", str(script), str(SDK.parent), json.dumps(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["empty"] == "functions/failed-precondition"
    assert seen["seen"][-1] == "ready"
    assert (seen["items"], seen["because"], seen["picture"], seen["photo"]) == (5, True, 200, 200)
    assert seen["closet"] == "permission-denied"
