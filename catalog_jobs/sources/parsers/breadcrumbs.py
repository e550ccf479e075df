"""Returns the names of the categories that lead to a product's page."""

from collections.abc import Iterable, Sequence
from typing import Any

from catalog_jobs.sources.parsers.json_ld import types_of
from catalog_jobs.sources.parsers.linked_nodes import Node
from catalog_jobs.sources.parsers.values import as_list, text_of

_MAX_STEPS = 20

_HOME = frozenset(
    (
        *("home", "homepage", "home page", "start", "startseite", "accueil", "inicio", "início", "página inicial"),
        *("startpagina", "strona główna", "hem", "forside", "forsiden", "hjem", "ana sayfa", "anasayfa", "shop"),
        *("ホーム", "トップ", "首页", "首頁"),
    )
)


def read_breadcrumbs(nodes: Iterable[Node]) -> list[str]:
    """Return the names of the longest trail on the page, without the shop's home page."""
    trails = (_names(node) for node in nodes if "BreadcrumbList" in types_of(node))
    return max(trails, key=len, default=[])


def category_of(value: Any, trail: Sequence[str], name: str) -> str:
    """Return a product's category by its own words, or else by the last step of the trail to it."""
    own = next((text for entry in as_list(value) if (text := _category_name(entry))), "")
    steps = [step for step in trail if step.casefold() != name.casefold()]
    return own or (steps[-1] if steps else "")


def _names(trail: Node) -> list[str]:
    steps = [step for step in as_list(trail.get("itemListElement"))[:_MAX_STEPS] if isinstance(step, dict)]
    names = (_step_name(step) for step in sorted(steps, key=_position))
    return [name for name in names if name and name.casefold() not in _HOME]


def _position(step: Node) -> int:
    position = text_of(step.get("position"))
    return int(position) if position.isdecimal() and len(position) < 4 else 0


def _step_name(step: Node) -> str:
    item = step.get("item")
    inner = text_of(item.get("name")) if isinstance(item, dict) else ""
    return text_of(step.get("name")) or inner


def _category_name(value: Any) -> str:
    """Return the words of a category, ``""`` for an address or a number."""
    text = text_of(value.get("name")) if isinstance(value, dict) else text_of(value)
    return "" if text.isdecimal() or text.startswith(("http://", "https://")) else text
