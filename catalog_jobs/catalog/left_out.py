"""Products and pages that are left out, and why."""

from collections import Counter
from collections.abc import Iterable


def count_reasons(left_out: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Count pairs of an id and a reason by reason, the most frequent first; each reason names its first id."""
    pairs = list(left_out)
    examples = {reason: item_id for item_id, reason in reversed(pairs)}
    counts = Counter(reason for _, reason in pairs).most_common()
    return {f"{reason} (for example {examples[reason]})": count for reason, count in counts}
