"""The options of ``closetspace local up``."""

import pytest
import typer

from catalog_jobs.cli.local import seconds_of


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (" 2m ", 120)])
def test_interval_is_parsed(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-3m", "0s", "10 minutes", "1e3s"])
def test_invalid_interval_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="10m"):
        seconds_of(text)
