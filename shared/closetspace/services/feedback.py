"""Keep what a person thinks of a recommended item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from closetspace.domain.index.index import Index
from closetspace.domain.person.person import Kind, Opinion
from closetspace.errors import InvalidInput
from closetspace.ports import People

UNKNOWN_ITEM = "itemId: there is no such item in the catalog. Pass the id of an item as recommend answered it."


@dataclass(frozen=True)
class FeedbackKeeper:
    """Notes an opinion of an item together with its product, which the index knows; any index will do."""

    people: People
    index: Callable[[Mapping[str, int]], Index]

    def give(self, uid: str, item_id: str, kind: Kind | None) -> dict[str, Any]:
        """The answer of the callable `feedback`; None takes back what was said of the item.

        Raises `InvalidInput` for an item that neither the index nor the person's opinions know, `ResourceExhausted`
        for one more than can be kept, `Transient` while there is no index. Taking back needs none, so it works when
        the item has left the catalog.
        """
        self.people.give_opinion(uid, item_id, self._opinion(uid, item_id, kind) if kind else None)
        return {"itemId": item_id, "kind": kind.value if kind else None}

    def _opinion(self, uid: str, item_id: str, kind: Kind) -> Opinion:
        index = self.index({})
        rows = index.rows_of([item_id])
        if rows[0] >= 0:
            return Opinion(kind, int(index.products(rows)[0]))
        earlier = self.people.person(uid).opinions.get(item_id)
        if earlier is None:
            raise InvalidInput("itemId", UNKNOWN_ITEM)
        return replace(earlier, kind=kind)
