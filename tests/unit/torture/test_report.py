"""The table of `make torture` and its place in the documentation."""

from datetime import date
from pathlib import Path

import pytest

from tests.torture.report import MARKERS, SHOWN, faults, summary, table, worst, write
from tests.torture.trial import Cost, Row, Verdict

ROWS = [
    Row("500 photos at once", Verdict(500), 27.6),
    Row("hostile calls", Verdict(1_000, {"call 7": "fails inside"}, {"call 7": "shows", "call 8": "shows"}), 9.2),
]


def test_table_counts_what_held_was_lost_and_leaked() -> None:
    assert table(ROWS).splitlines() == [
        "| what | tried | held | lost | leaked | seconds |",
        "|---|--:|--:|--:|--:|--:|",
        "| 500 photos at once | 500 | 500 | 0 | 0 | 28 |",
        "| hostile calls | 1,000 | 998 | 1 | 2 | 9 |",
    ]


def test_faults_of_a_row_are_listed_up_to_a_limit() -> None:
    assert list(faults(ROWS[1])) == ["lost: call 7: fails inside", "leaked: call 7: shows", "leaked: call 8: shows"]
    many = Row("calls", Verdict(100, {f"call {number}": "fails" for number in range(100)}), 1)
    assert len(list(faults(many))) == SHOWN + 1
    assert not list(faults(ROWS[0]))


def test_worst_inputs_are_named_with_their_time_and_memory() -> None:
    costs = [
        Cost("photo small", 3.0, 0.002, 90.0),
        Cost("photo huge", 800.0, 0.7, 310.0),
        Cost("photo killed", 1_200.0),
        Cost("call recommend with NaN", 41.0),
    ]
    assert worst(costs).splitlines() == [
        "The slowest photo took 1,200 ms: killed.",
        "The photo that needed most memory took 310 MB: huge.",
        "The slowest call took 41 ms: recommend with NaN.",
    ]
    assert worst([]) == ""


def test_summary_is_written_between_the_markers(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n\n{MARKERS[0]}\nold\n{MARKERS[1]}\n\nafter\n")
    for seed in (3, 4):
        write(document, summary(ROWS, [], seed=seed, day=date(2026, 11, 28)))
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "Run on 2026-11-28" in text
    assert "seed 4" in text
    assert "seed 3" not in text
    assert "old" not in text
    with pytest.raises(ValueError, match="has no"):
        write(Path(__file__), "text")
