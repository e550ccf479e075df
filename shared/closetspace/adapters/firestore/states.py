"""What the server knows of an item, as ``item_state/{item}``."""

from dataclasses import asdict
from typing import Any

from google.cloud import firestore

from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.state import Hint, ItemState, Status

STATES = "item_state"


def state_document(state: ItemState) -> dict[str, Any]:
    """A state as its document."""
    return asdict(state) | {
        "status": state.status.value,
        "colours": list(state.colours),
        "hint": state.hint.value if state.hint else None,
        "updated_at": firestore.SERVER_TIMESTAMP,
    }


def state_in(document: dict[str, Any]) -> ItemState:
    """The state that a document holds."""
    error = document.get("error")
    return ItemState(
        uid=document["uid"],
        status=Status(document["status"]),
        content_key=document.get("content_key"),
        encoder=document.get("encoder"),
        category=document.get("category"),
        colours=tuple(document.get("colours") or ()),
        error=Fault(error["code"], error["message"]) if error else None,
        shard=document.get("shard"),
        hint=Hint(document["hint"]) if document.get("hint") else None,
    )
