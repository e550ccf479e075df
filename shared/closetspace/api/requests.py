"""The callables' requests, checked: every field, its type and its bounds."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from closetspace.domain.index.index import Filters
from closetspace.domain.person.person import Kind
from closetspace.domain.ranking.paging import Cursor
from closetspace.domain.ranking.query import Order
from closetspace.errors import InvalidInput
from closetspace.services.recommend import Request

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]

KINDS: Mapping[str, Kind | None] = {**{kind.value: kind for kind in Kind}, "clear": None}
"""What ``feedback`` can be told of an item, None for nothing any more."""

LONGEST_ID = 1_500
"""Characters. No catalog has longer ids: a product's picture is a file of that name."""

LONGEST_FIELD = 100
"""Characters of a field's name that an error repeats."""

Fields = TypeVar("Fields", bound="RequestFields")


def _order(text: str) -> str:
    return _one_of(text, [order.value for order in Order])


def _one_of(text: str, allowed: Iterable[str]) -> str:
    names = list(allowed)
    if text not in names:
        raise PydanticCustomError("one_of", "Input should be one of {names}", {"names": ", ".join(names)})
    return text


class RequestFields(BaseModel):
    """What a callable takes, as clients send it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RecommendFields(RequestFields):
    """What ``recommend`` takes."""

    count: int = Field(20, ge=1, le=100)
    seed: int | None = Field(None, ge=0, lt=2**53)
    cursor: str | None = Field(None, min_length=1, max_length=12_000)
    explore: float | None = Field(None, ge=0, le=1)
    serendipity: float | None = Field(None, ge=0, le=1)
    mix: float | None = Field(None, ge=0, le=1)
    categories: list[Name] | None = Field(None, min_length=1, max_length=50)
    gender: Name | None = None
    usage: list[Name] | None = Field(None, min_length=1, max_length=20)
    colours: list[Name] | None = Field(None, min_length=1, max_length=50)
    brands: list[Name] | None = Field(None, min_length=1, max_length=100)
    brands_out: list[Name] | None = Field(None, max_length=100)
    price_min: float | None = Field(None, ge=0, allow_inf_nan=False)
    price_max: float | None = Field(None, ge=0, allow_inf_nan=False)
    in_stock: bool = False
    own_similar: bool = False
    order: Annotated[str, AfterValidator(_order)] = Order.FIT.value


def _item_id(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise PydanticCustomError("item_id", "Pass the id of an item as recommend answered it")
    return text


def _kind(text: str) -> str:
    return _one_of(text, KINDS)


class FeedbackFields(RequestFields):
    """What ``feedback`` takes."""

    item_id: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID), AfterValidator(_item_id)] = Field(
        alias="itemId"
    )
    kind: Annotated[str, AfterValidator(_kind)]


def parse_recommend(data: Any) -> Request:
    """Raises `InvalidInput` that names the field and says what is allowed."""
    fields = _validated(RecommendFields, data)
    low, high = fields.price_min, fields.price_max
    if low is not None and high is not None and low > high:
        raise InvalidInput(
            "price_min", f"price_min: {low:g} is more than price_max, {high:g}: nothing could cost that."
        )
    return Request(
        count=fields.count,
        filters=Filters(
            categories=_names(fields.categories),
            gender=fields.gender,
            brands=_names(fields.brands),
            brands_out=frozenset(fields.brands_out or ()),
            price_min=fields.price_min,
            price_max=fields.price_max,
            in_stock=fields.in_stock,
        ),
        explore=fields.explore,
        serendipity=fields.serendipity,
        mix=fields.mix,
        usage=_names(fields.usage),
        colours=_names(fields.colours),
        own_similar=fields.own_similar,
        order=Order(fields.order),
        seed=fields.seed,
        cursor=Cursor.decode(fields.cursor) if fields.cursor else None,
    )


def _names(given: list[str] | None) -> frozenset[str] | None:
    return frozenset(given) if given else None


def parse_feedback(data: Any) -> tuple[str, Kind | None]:
    """The item's id and what the person thinks of it, None to take that back.

    Raises `InvalidInput` that names the field and says what is allowed.
    """
    fields = _validated(FeedbackFields, data)
    return fields.item_id, KINDS[fields.kind]


def _validated(model: type[Fields], data: Any) -> Fields:
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        # What is named may be the caller's own invention, of any length.
        field = ".".join(str(part) for part in first["loc"])[:LONGEST_FIELD] or "data"
        known = ", ".join(known.alias or name for name, known in model.model_fields.items())
        hint = f" Known fields: {known}." if first["type"] == "extra_forbidden" else ""
        raise InvalidInput(field, f"{field}: {first['msg']}.{hint}") from exc
