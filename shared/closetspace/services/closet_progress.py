"""How far a person's items are, and the error for a closet without ready ones."""

from dataclasses import asdict, dataclass

from closetspace.domain.wardrobe.state import Status
from closetspace.errors import FailedPrecondition
from closetspace.ports import Usage

EMPTY = "Your wardrobe is empty. Add photos of a few clothes first, then ask again."
PROCESSING = "Your photos are being processed. Ask again in a few seconds."
WAITING = "Your items have no photos yet. Upload one for each, then ask again."
FAILED = "None of your photos could be used. See at each item what is wrong with it, and add other photos."

MAX_COUNTED = 10_000
"""Items: twice the default quota. A thousand of them cost a read."""


@dataclass(frozen=True)
class ClosetProgress:
    """The numbers of a person's unfinished items."""

    processing: int
    waiting: int
    failed: int


def closet_progress(usage: Usage, uid: str) -> ClosetProgress:
    """Count the unfinished items of a person whose closet is empty."""
    waiting, failed = (usage.count_states(uid, status) for status in (Status.WAITING_FOR_PHOTO, Status.FAILED))
    return ClosetProgress(count_processing(usage, uid), waiting, failed)


def count_processing(usage: Usage, uid: str) -> int:
    """Return how many items are being processed, with those that no event has reached yet."""
    settled = usage.count_states(uid, Status.READY, Status.WAITING_FOR_PHOTO, Status.FAILED)
    return max(0, usage.items(uid, MAX_COUNTED) - settled)


def nothing_ready(progress: ClosetProgress) -> FailedPrecondition:
    """Return the error for a closet without ready items: ``empty``, ``processing`` or ``failed``."""
    if progress.processing:
        reason, message = "processing", PROCESSING
    elif progress.failed:
        reason, message = "failed", FAILED
    elif progress.waiting:
        reason, message = "empty", WAITING
    else:
        reason, message = "empty", EMPTY
    return FailedPrecondition(message, reason=reason, details=asdict(progress))
