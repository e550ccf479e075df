"""Which conditions of the Security Rules were true and false, according to the emulator."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.support.journey import Journey
from tests.torture.trial import Verdict

CONDITION = re.compile(r"[=!<>&|]|\b(is|in)\b|\bmatches\(|^[a-z]\w+\(")
"""What an expression has that is a condition, and not a value that happens to be true."""


def check_coverage(journey: Journey) -> Verdict:
    """Ask the emulator which conditions of firestore.rules were evaluated, and to what."""
    stack = journey.stack
    address = f"http://{stack.addresses.firestore}/emulator/v1/projects/{stack.project}:ruleCoverage"
    report = journey.http.get(address).raise_for_status().json()
    source = report["rules"]["files"][0]["content"]
    return judge_coverage(report["report"], source)


def judge_coverage(report: Sequence[Mapping[str, Any]], source: str) -> Verdict:
    """Return which conditions had one value only, or were never reached."""
    conditions: dict[str, set[bool]] = {}
    for (begin, end), found in _truth_values(report):
        text = " ".join(source[begin:end].split())
        if CONDITION.search(text):
            line = source.count("\n", 0, begin) + 1
            conditions.setdefault(f"line {line}, {text}", set()).update(found)
    lost = {text: f"was only {sorted(found)}" for text, found in conditions.items() if len(found) < 2}
    return Verdict(len(conditions), lost)


def _truth_values(nodes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[int, int], set[bool]]]:
    """Yield the place of each expression that had a truth value or was never reached, and its values."""
    for node in nodes:
        position, seen = node.get("sourcePosition"), node.get("values")
        found = {value["value"]["boolValue"] for value in seen or () if "boolValue" in value["value"]}
        if position and (found or not (seen or node.get("children"))):
            yield (position["currentOffset"], position["endOffset"]), found
        yield from _truth_values(node.get("children", []))
