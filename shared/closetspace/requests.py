"""The callable's request, checked: every field, its type and its bounds."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from closetspace.domain.catalog import Filters
from closetspace.domain.paging import Cursor
from closetspace.errors import InvalidInput
from closetspace.services.recommend import Request

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]

DEFAULT_EXPLORE = 0.2
"""A new seed shows other items of the same taste, at .002 of the share that fits (.05 at 0.5)."""


class RecommendFields(BaseModel):
    """What ``recommend`` takes, as clients send it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    count: int = Field(20, ge=1, le=100)
    seed: int | None = Field(None, ge=0, lt=2**53)
    cursor: str | None = Field(None, min_length=1, max_length=12_000)
    explore: float = Field(DEFAULT_EXPLORE, ge=0, le=1)
    categories: list[Name] | None = Field(None, min_length=1, max_length=50)
    gender: Name | None = None
    brands: list[Name] | None = Field(None, min_length=1, max_length=100)
    price_max: float | None = Field(None, ge=0, allow_inf_nan=False)


def parse_recommend(data: Any) -> Request:
    """Raises `InvalidInput` that names the field and says what is allowed."""
    try:
        fields = RecommendFields.model_validate({} if data is None else data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        allowed = ", ".join(RecommendFields.model_fields)
        hint = f" Known fields: {allowed}." if first["type"] == "extra_forbidden" else ""
        raise InvalidInput(field, f"{field}: {first['msg']}.{hint}") from exc
    return Request(
        count=fields.count,
        filters=Filters(
            categories=frozenset(fields.categories) if fields.categories else None,
            gender=fields.gender,
            brands=frozenset(fields.brands) if fields.brands else None,
            price_max=fields.price_max,
        ),
        explore=fields.explore,
        seed=fields.seed,
        cursor=Cursor.decode(fields.cursor) if fields.cursor else None,
    )
