"""Environments: a file each with the project that it is deployed to, and its settings."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from closetspace_infra.deploy.steps import ROOT

FOLDER = Path("infra/environments")

OPTIONS: Mapping[str, type] = {
    "project": str,
    "alert_email": str,
    "region": str,
    "firestore_location": str,
    "billing_account": str,
    "budget": int,
    "scrapfly": bool,
    "catalog": str,
}
"""The options of ``closetspace cloud deploy`` that a file may set, with their types."""

TABLES = ("terraform", "functions")


@dataclass(frozen=True)
class Environment:
    """One environment: its name, options, other variables of Terraform, and settings of the functions."""

    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


def read_environment(name: str, root: Path = ROOT) -> Environment:
    """Read ``infra/environments/NAME.toml``.

    Raises `InvalidInput` if there is no such file, or if it has names or values that nothing reads.
    """
    file = root / FOLDER / f"{name}.toml"
    known = sorted(path.stem for path in (root / FOLDER).glob("*.toml"))
    if name not in known:
        raise InvalidInput("env_unknown", f"There is no {FOLDER}/{name}.toml. Environments: {', '.join(known)}.")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput("env_unreadable", f"{FOLDER}/{name}.toml is no valid TOML: {exc}") from exc
    variables, settings = (_table(name, content, table) for table in TABLES)
    _check_options(name, content, variables)
    texts = {setting: _text(value) for setting, value in settings.items()}
    _check_settings(name, texts)
    return Environment(name, content, variables, texts)


def _table(name: str, content: dict[str, Any], table: str) -> dict[str, Any]:
    values = content.pop(table, {})
    if not isinstance(values, dict):
        raise InvalidInput("env_invalid", f"{FOLDER}/{name}.toml: {table} has to be a table, [{table}].")
    return values


def _check_options(name: str, options: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
    wrong = [key for key, value in options.items() if type(value) is not OPTIONS.get(key)]
    if wrong:
        allowed = ", ".join(f"{key} ({kind.__name__})" for key, kind in OPTIONS.items())
        raise InvalidInput(
            "env_invalid",
            f"{FOLDER}/{name}.toml: {', '.join(wrong)} is not one of {allowed}, [terraform], [functions].",
        )
    twice = sorted(set(variables) & {*OPTIONS, "image", "functions_settings", "refresh_paused"})
    if twice:
        raise InvalidInput("env_invalid", f"{FOLDER}/{name}.toml: set {', '.join(twice)} outside of [terraform].")


def _text(value: object) -> str:
    """Return a value as environment variables have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_settings(name: str, settings: Mapping[str, str]) -> None:
    unknown = sorted(set(settings) - _settings_read())
    if unknown:
        raise InvalidInput("env_invalid", f"{FOLDER}/{name}.toml: the functions don't read {', '.join(unknown)}.")
    Settings.from_env(settings)


def _settings_read() -> set[str]:
    """Return the names of the environment variables that the functions read."""
    names: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            names.add(name)
            return default

    Settings.from_env(Asked())
    # The Firebase CLI sets this one, and refuses it in files.
    return names - {"FIREBASE_CONFIG"}
