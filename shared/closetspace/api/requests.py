"""The callables' requests: fields, types and bounds, and their values in the domain."""

import unicodedata
from itertools import islice
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from pydantic_core import PydanticCustomError, PydanticUseDefault

from closetspace.domain.index.filters import Filters
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.ranking.paging import Cursor
from closetspace.domain.ranking.query import Order
from closetspace.domain.ranking.recommendation import Request
from closetspace.errors import InvalidInput
from closetspace.validation import first_violation

MAX_ID = 1_500
"""Characters. No catalog has longer ids: a product's picture is a file of that name."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


def _check_item_id(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise PydanticCustomError("item_id", "Pass the id of an item as recommend answered it")
    return text


ItemId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID), AfterValidator(_check_item_id)]


class CallableRequest(BaseModel):
    """Base of the callables' requests. A field that is null counts as not given: the SDKs send undefined as null."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _skip_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticUseDefault
        return value

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Validate a client's data, None for no fields. Raises `InvalidInput` with the field at fault."""
        if isinstance(data, dict):
            # One field more than there are has an unknown one, and pydantic would report each of thousands.
            data = dict(islice(data.items(), len(cls.model_fields) + 1))
        try:
            return cls.model_validate({} if data is None else data)
        except ValidationError as exc:
            violation = first_violation(exc, root="data")
            hint = ""
            if violation.type == "extra_forbidden" and cls.model_fields:
                hint = f" Known fields: {', '.join(field.alias or name for name, field in cls.model_fields.items())}."
            raise InvalidInput("invalid_field", violation.message + hint, field=violation.field) from exc


class RecommendRequest(CallableRequest):
    """Request of ``recommend``."""

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
    order: Literal["fit", "unlock", "price"] = "fit"

    def to_domain(self, new_seed: int) -> Request:
        """Return the request; ``new_seed`` is the seed of a new list for which the client chose none.

        Raises `InvalidInput` for a price range without prices and for a malformed cursor.
        """
        low, high = self.price_min, self.price_max
        if low is not None and high is not None and low > high:
            message = f"price_min: {low:g} is more than price_max, {high:g}: nothing could cost that."
            raise InvalidInput("invalid_field", message, field="price_min")
        return Request(
            count=self.count,
            filters=Filters(
                categories=_names(self.categories),
                gender=self.gender,
                brands=_names(self.brands),
                brands_out=frozenset(self.brands_out or ()),
                price_min=self.price_min,
                price_max=self.price_max,
                in_stock=self.in_stock,
            ),
            explore=self.explore,
            serendipity=self.serendipity,
            mix=self.mix,
            usage=_names(self.usage),
            colours=_names(self.colours),
            own_similar=self.own_similar,
            order=Order(self.order),
            seed=new_seed if self.seed is None else self.seed,
            cursor=Cursor.decode(self.cursor) if self.cursor else None,
        )


def _names(names: list[str] | None) -> frozenset[str] | None:
    return frozenset(names) if names else None


class EmptyRequest(CallableRequest):
    """Request without fields: of ``deleteAccount`` and ``exportMyData``."""


class FeedbackRequest(CallableRequest):
    """Request of ``feedback``: an opinion of a catalog item, or ``clear`` to remove it."""

    item_id: ItemId = Field(alias="itemId")
    kind: Literal["like", "dismiss", "own", "clear"]

    def opinion(self) -> OpinionKind | None:
        """Return the kind of opinion, None to remove it."""
        return None if self.kind == "clear" else OpinionKind(self.kind)
