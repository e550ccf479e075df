"""Lock files with hashes."""

import re


def pinned_with_hashes(lock: str) -> list[str]:
    """Return the pinned versions of a lock. Fails if it has anything else, or a package without a hash."""
    entry = r"([a-z0-9_.-]+==[\w.]+)( ; [^\\\n]+?)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
    assert re.sub(entry, "", lock) == ""
    return [name + marker for name, marker, _ in re.findall(entry, lock)]
