"""What the triggers do: parse, call one use case, map errors. The functions in functions/main.py call these."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from closetspace.bootstrap import Services
from closetspace.domain.wardrobe.item import Deletion, owner_of_photo
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput, ResourceExhausted, Transient

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
        from closetspace.api.requests import parse_recommend

        uid = require_uid(request, "Sign in to get recommendations.")
        with translate_errors("Recommendations are not available right now. Try again in a minute."):
            return self._services.recommender.recommend(uid, parse_recommend(request.data))

    def feedback(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """The callable `feedback`."""
        from closetspace.api.requests import parse_feedback

        uid = require_uid(request, "Sign in to say what you think of an item.")
        with translate_errors("Your feedback can't be kept right now. Try again in a minute."):
            return self._services.feedback_keeper.give(uid, *parse_feedback(request.data))


def require_uid(request: "https_fn.CallableRequest[Any]", otherwise: str) -> str:
    """Who calls; nobody is told that they must sign in, before anything else is looked at."""
    from firebase_functions import https_fn

    if request.auth is None or not request.auth.uid:
        raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAUTHENTICATED, otherwise)
    return str(request.auth.uid)


@contextmanager
def translate_errors(unavailable: str) -> Iterator[None]:
    """Our errors as the callable protocol's codes; what is wrong inside is logged, and told as ``unavailable``."""
    from firebase_functions import https_fn

    code = https_fn.FunctionsErrorCode
    try:
        yield
    except InvalidInput as exc:
        raise https_fn.HttpsError(code.INVALID_ARGUMENT, exc.message, {"field": exc.code}) from exc
    except FailedPrecondition as exc:
        raise https_fn.HttpsError(code.FAILED_PRECONDITION, str(exc)) from exc
    except ResourceExhausted as exc:
        raise https_fn.HttpsError(code.RESOURCE_EXHAUSTED, str(exc)) from exc
    except (Transient, Incompatible) as exc:
        log.exception("a callable can't answer now")
        raise https_fn.HttpsError(code.UNAVAILABLE, unavailable) from exc


def deletion_in(event: Any) -> Deletion | None:
    """The deletion that an item's event tells of, None for any other change or an event without data."""
    if event.data is None or event.data.after is not None or event.data.before is None:
        return None
    uid = (event.data.before.to_dict() or {}).get("uid")
    return Deletion(uid, event.time) if isinstance(uid, str) and uid else None
