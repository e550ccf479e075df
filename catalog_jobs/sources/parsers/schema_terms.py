"""Brings JSON-LD into one form: the names of schema.org without a prefix, and values without wrappers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_jobs.sources.parsers.values import as_list

_MAX_DEPTH = 60
"""Levels of objects and lists that are read. Deeper ones are dropped."""

_MAX_DEFINITIONS = 100
"""Names that a context may define; a context with more is ignored. Each node may have its own."""

_SCHEMA_ORG = re.compile(r"https?://(?:www\.)?schema\.org/?#?", re.IGNORECASE)
_WRAPPERS = ("@value", "@list", "@set")


@dataclass(frozen=True)
class Terms:
    """What names mean: the prefixes of schema.org, and names that a context defines."""

    prefixes: frozenset[str] = frozenset({"schema"})
    aliases: Mapping[str, str] = field(default_factory=lambda: {"type": "@type", "id": "@id"})

    def within(self, context: Any) -> "Terms":
        """Return the terms inside a node with this context."""
        definitions = {
            name: definition.get("@id") if isinstance(definition, dict) else definition
            for entry in as_list(context)
            if isinstance(entry, dict)
            for name, definition in entry.items()
        }
        defined = {name: iri for name, iri in definitions.items() if isinstance(iri, str)}
        if not defined or len(self.prefixes) + len(self.aliases) + len(defined) > _MAX_DEFINITIONS:
            return self
        prefixes = self.prefixes | {name for name, iri in defined.items() if _SCHEMA_ORG.fullmatch(iri)}
        inner = Terms(prefixes)
        aliases = {
            name: inner.name_of(iri) for name, iri in defined.items() if name not in prefixes and name[:1] != "@"
        }
        known = {name: term for name, term in aliases.items() if ":" not in term}
        return Terms(prefixes, {**self.aliases, **known})

    def name_of(self, name: str) -> str:
        """Return the term of a name with a prefix, of an IRI, or of an alias; other names as they are."""
        if name in self.aliases:
            return self.aliases[name]
        if match := _SCHEMA_ORG.match(name):
            return name[match.end() :]
        prefix, separator, local = name.partition(":")
        return local if separator and prefix in self.prefixes else name


def plain(value: Any, terms: Terms | None = None, depth: int = 0) -> Any:
    """Return a JSON-LD value with plain names and without ``@context``, ``@value``, ``@list`` and ``@set``."""
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict) and "@value" in value[0]:
            return value[0]["@value"]
        return [plain(entry, terms, depth + 1) for entry in value] if depth < _MAX_DEPTH else []
    if not isinstance(value, dict):
        return value
    if depth >= _MAX_DEPTH:
        return {}
    terms = (terms or Terms()).within(value.get("@context"))
    node: dict[str, Any] = {}
    for name, entry in value.items():
        if name != "@context":
            node.setdefault(terms.name_of(name), plain(entry, terms, depth + 1))
    if "@type" in node:
        node["@type"] = [terms.name_of(kind) for kind in as_list(node["@type"]) if isinstance(kind, str)]
    return next((node[name] for name in _WRAPPERS if name in node), node)
