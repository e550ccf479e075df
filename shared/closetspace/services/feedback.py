"""Keep a person's opinion of a recommended item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from closetspace.domain.index.index import Index
from closetspace.domain.person.opinions import Opinion, OpinionKind
from closetspace.errors import InvalidInput
from closetspace.ports import People

UNKNOWN_ITEM = "itemId: there is no such item in the catalog. Pass the id of an item as recommend answered it."


@dataclass(frozen=True)
class FeedbackKeeper:
    """Stores opinions together with the product that the index knows an item by; every version of the index does."""

    people: People
    index: Callable[[Mapping[str, int]], Index]

    def give(self, uid: str, item_id: str, kind: OpinionKind | None) -> None:
        """Store an opinion; None removes it, which needs no index and also works for an item that left the catalog.

        Raises:
            InvalidInput: neither the index nor the person's opinions have the item.
            ResourceExhausted: the person has the maximum number of opinions.
            Transient: there is no index, or the database can't be reached.
        """
        self.people.give_opinion(uid, item_id, self._opinion(uid, item_id, kind) if kind else None)

    def _opinion(self, uid: str, item_id: str, kind: OpinionKind) -> Opinion:
        index = self.index({})
        rows = index.rows_of([item_id])
        if rows[0] >= 0:
            return Opinion(kind, int(index.products(rows)[0]))
        earlier = self.people.person(uid).opinions.get(item_id)
        if earlier is None:
            raise InvalidInput("unknown_item", UNKNOWN_ITEM, field="itemId")
        return replace(earlier, kind=kind)
