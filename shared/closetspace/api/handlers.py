"""What each trigger and callable does: parse, call one use case, translate errors. functions/main.py calls these."""

import logging
import secrets
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from closetspace.bootstrap import Services
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.photo import owner_of_photo
from closetspace.errors import ClosetspaceError
from closetspace.log_labels import event as log_event
from closetspace.log_labels import log_labels
from closetspace.spans import span

if TYPE_CHECKING:
    from firebase_functions import https_fn

log = logging.getLogger(__name__)

SEED_BITS = 48
"""Of a seed that is drawn for a new list: JavaScript's numbers hold it exactly."""


class Handlers:
    """Entry points over one set of services.

    Modules of the callables are imported on the first call: triggers never need them.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def item_written(self, event: Any) -> None:
        """Reconcile an item that was created, changed or deleted."""
        self._reconcile(event.params["itemId"], deletion_in(event), event.time)

    def photo_changed(self, event: Any) -> None:
        """Reconcile the item whose photo arrived or went; ignore other objects."""
        owner = owner_of_photo(event.data.name) if event.data and event.data.name else None
        if owner:
            self._reconcile(owner[1], None, event.time)

    def closet_written(self, event: Any) -> None:
        """Derive the taste of a closet that changed."""
        with log_labels(uid=event.params["uid"]):
            self._services.taste_keeper.refresh(event.params["uid"], closet_version_in(event))

    def account_marked(self, event: Any) -> None:
        """Remove everything that an account has whose deletion was requested."""
        with log_labels(uid=event.params["uid"]):
            self._services.account_remover.remove(event.params["uid"], datetime.now(UTC))

    def export_written(self, event: Any) -> None:
        """Prepare an export that was requested."""
        with log_labels(uid=event.params["uid"]):
            self._services.data_exporter.prepare(event.params["uid"], datetime.now(UTC))

    def sweep(self) -> None:
        """Reconcile the items that are not settled, and finish deletions and exports; none keeps the others waiting."""
        now = datetime.now(UTC)
        with ExitStack() as others:
            others.callback(lambda: self._services.data_exporter.sweep(now))
            others.callback(lambda: self._services.account_remover.sweep(now))
            others.callback(lambda: self._log_index(now))
            self._services.sweeper.sweep(now)

    def recommend(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """Answer the callable ``recommend``."""
        from closetspace.api.errors import translate_errors
        from closetspace.api.requests import RecommendRequest
        from closetspace.api.responses import RecommendResponse

        uid = require_uid(request, "Sign in to get recommendations.")
        with (
            log_labels(uid=uid),
            translate_errors("Recommendations are not available right now. Try again in a minute."),
        ):
            asked = RecommendRequest.parse(request.data).to_domain(secrets.randbits(SEED_BITS))
            with span("recommend"):
                recommendation = self._services.recommender.recommend(uid, asked)
            return RecommendResponse.data(recommendation)

    def facets(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """Answer the callable ``facets``."""
        from closetspace.api.errors import translate_errors
        from closetspace.api.requests import EmptyRequest
        from closetspace.api.responses import FacetsResponse

        uid = require_uid(request, "Sign in to see what can be filtered.")
        with log_labels(uid=uid), translate_errors("The catalog is not available right now. Try again in a minute."):
            EmptyRequest.parse(request.data)
            index = self._services.live_index.get({})
            return FacetsResponse.of(index.facets, index.version).model_dump(by_alias=True)

    def feedback(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """Answer the callable ``feedback``."""
        from closetspace.api.errors import translate_errors
        from closetspace.api.requests import FeedbackRequest
        from closetspace.api.responses import FeedbackResponse

        uid = require_uid(request, "Sign in to say what you think of an item.")
        with log_labels(uid=uid), translate_errors("Your feedback can't be kept right now. Try again in a minute."):
            self._require_staying(uid)
            given = FeedbackRequest.parse(request.data)
            kind = given.opinion()
            self._services.feedback_keeper.give(uid, given.item_id, kind)
            return FeedbackResponse.of(given.item_id, kind).model_dump(by_alias=True)

    def delete_account(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """Answer the callable ``deleteAccount``."""
        from closetspace.api.errors import translate_errors
        from closetspace.api.requests import EmptyRequest
        from closetspace.api.responses import DeletionResponse

        uid = require_uid(request, "Sign in to delete your account.")
        with log_labels(uid=uid), translate_errors("Your account can't be deleted right now. Try again in a minute."):
            EmptyRequest.parse(request.data)
            self._services.account_remover.request(uid, signed_in(request), datetime.now(UTC))
            return DeletionResponse(status="deleting").model_dump(by_alias=True)

    def export_my_data(self, request: "https_fn.CallableRequest[Any]") -> dict[str, Any]:
        """Answer the callable ``exportMyData``."""
        from closetspace.api.errors import translate_errors
        from closetspace.api.requests import EmptyRequest
        from closetspace.api.responses import ExportResponse

        uid = require_uid(request, "Sign in to export your data.")
        with log_labels(uid=uid), translate_errors("Your data can't be exported right now. Try again in a minute."):
            self._require_staying(uid)
            EmptyRequest.parse(request.data)
            export = self._services.data_exporter.request(uid, datetime.now(UTC))
            return ExportResponse.of(export).model_dump(by_alias=True)

    def _reconcile(self, item_id: str, deletion: Deletion | None, changed_at: datetime) -> None:
        with log_labels(item=item_id), span("reconcile"):
            self._services.reconciler.reconcile(item_id, deletion, changed_at)

    def _log_index(self, now: datetime) -> None:
        """Log the age of the published index, which an alert watches."""
        try:
            current = self._services.index_versions.current()
        except ClosetspaceError:
            log.exception("the published index can't be read")
            return
        if current is None:
            log.warning("no index is published")
            return
        hours = (now - datetime.fromisoformat(current.published_at)).total_seconds() / 3_600
        log.info("index %s is %.0f h old", current.version, hours, extra=log_event("index_age", hours=hours))

    def _require_staying(self, uid: str) -> None:
        from closetspace.services.delete_account import require_staying

        require_staying(self._services.accounts, uid)


def require_uid(request: "https_fn.CallableRequest[Any]", message: str) -> str:
    """Return the caller's uid; raise ``UNAUTHENTICATED`` with this message if there is none."""
    from firebase_functions import https_fn

    if request.auth is None or not request.auth.uid:
        raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAUTHENTICATED, message)
    return str(request.auth.uid)


def signed_in(request: "https_fn.CallableRequest[Any]") -> datetime | None:
    """Return when the caller has signed in; None if their token does not say it."""
    seconds: Any = (request.auth.token if request.auth else {}).get("auth_time")
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def deletion_in(event: Any) -> Deletion | None:
    """Return the deletion that an item's event reports, None for other changes and for events without data.

    An item that gets another owner is deleted for the first one.
    """
    if event.data is None or event.data.before is None:
        return None
    uid, new_uid = _owner(event.data.before), _owner(event.data.after)
    return Deletion(uid, event.time) if isinstance(uid, str) and uid and uid != new_uid else None


def _owner(document: Any) -> Any:
    return (document.to_dict() or {}).get("uid") if document else None


def closet_version_in(event: Any) -> int | None:
    """Return the version that a closet changed to, None for a deletion and for events without data."""
    # Imported here, because it needs numpy, which the discovery of the functions must not wait for.
    from closetspace.domain.wardrobe.closet import closet_version

    after = event.data.after if event.data else None
    return closet_version(after.update_time) if after else None
