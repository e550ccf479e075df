"""Returns the time of dates and times as shops write them."""

from datetime import UTC, datetime, time


def read_moment(text: str, *, is_end: bool = False) -> datetime | None:
    """Return an ISO 8601 date or time, in UTC if it names no zone, or None for other text.

    A date begins with its first moment, as an end with its last.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if is_end and len(text.strip()) <= len("2026-11-24"):
            moment = datetime.combine(moment, time.max)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
