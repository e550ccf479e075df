"""Answer a person's request for recommendations."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Index
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.closet_features import ClosetFeatures, closet_features
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Recommendation, Request
from closetspace.errors import Transient
from closetspace.log_labels import add_log_labels
from closetspace.ports import People, Usage
from closetspace.services.closet_cache import ClosetCache
from closetspace.services.closet_progress import closet_progress, count_processing, nothing_ready
from closetspace.services.delete_account import account_deleted
from closetspace.services.turns import Turns
from closetspace.spans import span

log = logging.getLogger(__name__)

SMALL_CLOSET, LARGE_AT_ONCE = 1_000, 8
"""Items up to which a closet, which then takes 3 MB, is answered at any time. An instance works on this many closets at
once that are larger or not known yet, and on one of a person: one of 30,000 items takes 0.1 GB."""


@dataclass(frozen=True)
class Recommender:
    """Reads a person, recommends from one version of the index, and remembers what the page shows.

    ``index`` chooses a version by the number of the closet's items that each encoder covers. ``priors`` returns the
    priors of an encoder by its id.
    """

    people: People
    usage: Usage
    index: Callable[[Mapping[str, int]], Index]
    priors: Callable[[str], EncoderPriors | None]
    _cache: ClosetCache = field(default_factory=ClosetCache, init=False, repr=False)
    _turns: Turns = field(default_factory=lambda: Turns(LARGE_AT_ONCE), init=False, repr=False, compare=False)

    def recommend(self, uid: str, request: Request) -> Recommendation:
        """Return one page of recommendations.

        Raises:
            FailedPrecondition: no item of the closet is ready, or the account is being deleted; ``reason`` says why.
            InvalidInput: a filter names a label that the index does not have.
            Transient: no index matches the closet's encoder, or the database can't be reached.
        """
        with self._turn(uid):
            with span("read person"):
                person = self.people.person(uid)
            if person.is_leaving:
                raise account_deleted()
            if not person.closet.entries:
                raise nothing_ready(closet_progress(self.usage, uid))
            with span("choose index"):
                index = self.index(person.closet.coverage)
                priors = self.priors(index.encoder_id)
            add_log_labels(index=index.version)
            with span("rank"):
                answer = recommend(person, request, index, priors, self._features(person, index, priors))
        self._remember(uid, person, answer)
        return answer if request.cursor else replace(answer, processing=self._processing(uid))

    def _processing(self, uid: str) -> int | None:
        """Return how many items are on their way; None if the database can't say it now."""
        try:
            with span("count processing"):
                return count_processing(self.usage, uid)
        except Transient:
            log.warning("items in progress could not be counted", exc_info=True)
            return None

    def _turn(self, uid: str) -> AbstractContextManager[None]:
        """Wait for a turn, unless the closet is known to be small."""
        items = self._cache.items_of(uid)
        return nullcontext() if items is not None and items <= SMALL_CLOSET else self._turns.of(uid)

    def _features(self, person: Person, index: Index, priors: EncoderPriors | None) -> ClosetFeatures:
        closet = person.closet
        return self._cache.get(
            (closet.uid, index.encoder_id), closet.version, lambda: closet_features(person, index, priors)
        )

    def _remember(self, uid: str, person: Person, answer: Recommendation) -> None:
        """Note the page's items; the answer is not lost if that fails."""
        shown = person.shown.with_page(answer.seed, answer.shown)
        if shown is person.shown:
            return
        try:
            with span("remember shown"):
                self.people.remember_shown(uid, shown)
        except Transient:
            log.warning("shown items could not be stored and may be recommended again soon", exc_info=True)
