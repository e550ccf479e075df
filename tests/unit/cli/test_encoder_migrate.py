"""The command ``closetspace encoder migrate``."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog_jobs.cli.app import app


def test_command_without_a_bucket_names_the_missing_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PHOTO_BUCKET", "FIREBASE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["encoder", "migrate", "--store", str(tmp_path)])
    assert result.exit_code == 1
    assert "PHOTO_BUCKET" in result.stderr
