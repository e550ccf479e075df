"""Writes tables of shops as TOML."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog_jobs.sources.shops import Shop, read_shops
from closetspace.errors import InvalidInput


def shop_table(shop: Shop) -> str:
    """Return the table of a shop, with the settings that it was built with."""
    lines = [f"[shops.{shop.name}]"]
    fields = shop.model_dump(mode="json", exclude_unset=True, exclude={"name"})
    plain = {name: value for name, value in fields.items() if not isinstance(value, Mapping)}
    lines += [f"{name} = {_value(value)}" for name, value in plain.items()]
    for name, table in fields.items():
        if isinstance(table, Mapping):
            lines += ["", f"[shops.{shop.name}.{name}]", *(f"{_value(key)} = {_value(table[key])}" for key in table)]
    return "\n".join(lines) + "\n"


def append_shop(shop: Shop, file: Path) -> None:
    """Append a shop to a file of shops, which is created if there is none.

    Raises `InvalidInput` if the file is no valid file of shops, or has a shop of this name.
    """
    shops = read_shops(file) if file.exists() else {}
    if shop.name in shops:
        raise InvalidInput("shop_exists", f"{file} has a shop {shop.name}: give another name with --name.")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    unfinished = file.with_name(f"{file.name}.part")
    try:
        unfinished.write_text(f"{text.rstrip()}\n\n{shop_table(shop)}".lstrip(), encoding="utf-8")
        read_shops(unfinished)
        os.replace(unfinished, file)
    except OSError as exc:
        raise InvalidInput("shops_invalid", f"{file} can't be written: {exc}.") from exc
    finally:
        unfinished.unlink(missing_ok=True)


def _value(value: Any) -> str:
    """Return a string, a number, a boolean or a list of them as TOML, which writes them as JSON does."""
    return json.dumps(value, ensure_ascii=False)
