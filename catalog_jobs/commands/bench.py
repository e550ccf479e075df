"""``closetspace bench``."""


def bench() -> None:
    """Placeholder."""
