"""What the triggers do: parse, call one use case, map errors. The functions in functions/main.py call these."""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from closetspace.bootstrap import Services
from closetspace.domain.wardrobe import Deletion, owner_of_photo
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput, Transient

if TYPE_CHECKING:
    from firebase_functions import https_fn

log = logging.getLogger(__name__)


class Handlers:
    """Entry points over one set of services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def item_written(self, event: Any) -> None:
        """An item was created, changed or deleted."""
        self._services.reconciler.reconcile(event.params["itemId"], deletion_in(event))

    def photo_changed(self, event: Any) -> None:
        """A photo arrived or went; other objects are none of our business."""
        owner = owner_of_photo(event.data.name) if event.data and event.data.name else None
        if owner:
            self._services.reconciler.reconcile(owner[1])

    def closet_written(self, event: Any) -> None:
        """A closet changed, so the taste has to follow."""
        self._services.taste_keeper.refresh(event.params["uid"])

    def sweep(self) -> None:
        """The scheduled look at items that are not settled."""
        looked_at = self._services.sweeper.sweep(datetime.now(UTC))
        log.info("swept %d unsettled items", looked_at)

    def recommend(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """The callable `recommend`."""
        from firebase_functions import https_fn

        from closetspace.requests import parse_recommend

        code = https_fn.FunctionsErrorCode
        if request.auth is None or not request.auth.uid:
            raise https_fn.HttpsError(code.UNAUTHENTICATED, "Sign in to get recommendations.")
        try:
            return self._services.recommender.recommend(request.auth.uid, parse_recommend(request.data))
        except InvalidInput as exc:
            raise https_fn.HttpsError(code.INVALID_ARGUMENT, exc.message, {"field": exc.code}) from exc
        except FailedPrecondition as exc:
            raise https_fn.HttpsError(code.FAILED_PRECONDITION, str(exc)) from exc
        except (Transient, Incompatible) as exc:
            log.exception("recommend can't answer now")
            message = "Recommendations are not available right now. Try again in a minute."
            raise https_fn.HttpsError(code.UNAVAILABLE, message) from exc


def deletion_in(event: Any) -> Deletion | None:
    """The deletion that an item's event tells of, None for any other change or an event without data."""
    if event.data is None or event.data.after is not None or event.data.before is None:
        return None
    uid = (event.data.before.to_dict() or {}).get("uid")
    return Deletion(uid, event.time) if isinstance(uid, str) and uid else None
