"""Returns the nodes of a page with the nodes that they refer to by ``@id`` in the place of references."""

from collections.abc import Iterable, Iterator
from typing import Any

from catalog_jobs.sources.parsers.values import absolute_url, as_list

Node = dict[str, Any]

_FOLLOWED = frozenset(
    (
        *("audience", "brand", "category", "color", "image", "itemOffered", "manufacturer", "material", "offers"),
        *("pattern", "price", "priceSpecification", "size"),
    )
)
"""The properties whose values a product needs whole."""

_KEYS = ("#", "_:", "http://", "https://")
"""The beginnings of references that are text."""

_MAX_COPIED = 100_000
"""Values that are put in the place of references. Each may be referred to from anywhere any number of times."""

_MAX_DEPTH = 8


class LinkedNodes:
    """The nodes of a page by their ``@id``, of which each may be described in several places."""

    def __init__(self, nodes: Iterable[Node], base: str) -> None:
        self._base = base
        self._left_to_copy = _MAX_COPIED
        self._definitions: dict[str, Node] = {}
        for node in _every_node(nodes):
            if (key := self.key_of(node)) and not _is_reference(node):
                definition = self._definitions.setdefault(key, {})
                for name, value in node.items():
                    definition.setdefault(name, value)

    def key_of(self, node: Any) -> str:
        """Return the absolute form of the ``@id`` of a node or of a reference, which may be text, ``""`` for none."""
        key = node.get("@id") if isinstance(node, dict) else node
        is_key = isinstance(node, dict) or (isinstance(key, str) and key.startswith(_KEYS))
        return absolute_url(self._base, key) if is_key else ""

    def definition(self, node: Any) -> Node:
        """Return everything that the page says about a node or the node that is referred to."""
        return self._definitions.get(self.key_of(node)) or (node if isinstance(node, dict) else {})

    def definitions(self, values: Any) -> list[Node]:
        """Return the definitions of the nodes in a value, a list or a single one."""
        return [node for value in as_list(values) if (node := self.definition(value))]

    def complete(self, node: Node) -> Node:
        """Return a copy of a node with the nodes that it refers to in the place of references."""
        return self._completed(node, (), _MAX_DEPTH)

    def _completed(self, node: Node, above: tuple[str, ...], depth: int) -> Node:
        above = (*above, self.key_of(node))
        return {
            name: self._in_place(value, above, depth) if name in _FOLLOWED else value for name, value in node.items()
        }

    def _in_place(self, value: Any, above: tuple[str, ...], depth: int) -> Any:
        whole = value if isinstance(value, list) else self.definition(value)
        self._left_to_copy -= 1 + len(whole)
        if not whole or not depth or self._left_to_copy < 0 or self.key_of(value) in filter(None, above):
            return value
        if isinstance(whole, list):
            return [self._in_place(entry, above, depth - 1) for entry in whole]
        return self._completed(whole, above, depth - 1)


def _is_reference(node: Node) -> bool:
    return not any(value for name, value in node.items() if name not in ("@id", "@type"))


def _every_node(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes and the nodes inside them, in the order of the page."""
    stack: list[Any] = list(nodes)[::-1]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack.extend(list(value.values())[::-1])
        elif isinstance(value, list):
            stack.extend(value[::-1])
