"""Product keys and titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.index.products import MAX_TITLE_LENGTH, NO_PRODUCT, item_key, product_key, title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Nike", "Air Max"), ("nike", "AIR  max")),
        (("Nike", "Nike Air-Max"), ("Nike", "Air Max")),
        (("", "Nike Air Max"), ("Nike", "Air Max")),
        (("Levi's", "501"), ("LEVI'S ", " 501.")),
    ],
)
def test_product_key_ignores_case_blanks_punctuation_and_a_repeated_brand(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert product_key(*one) == product_key(*other) != NO_PRODUCT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Nike", "Air Max"), ("Nike", "Air Max 2")),
        (("Nike", "Shirt"), ("Puma", "Shirt")),
        (("Nik", "Nike Air"), ("", "Nike Air")),
    ],
)
def test_different_names_or_brands_have_different_product_keys(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert product_key(*one) != product_key(*other)


def test_group_of_a_shop_replaces_the_name() -> None:
    assert product_key("Nike", "Air Max, red", "am-1") == product_key("Nike", "Air Max, blue", "am-1")
    assert product_key("Nike", "Air Max", "am-1") != product_key("Nike", "Air Max", "am-2")
    assert product_key("", "Group: X") != product_key("", "", "X")


@given(st.text(max_size=40))
def test_item_without_a_name_has_no_product(brand: str) -> None:
    assert product_key(brand, " .- ") == NO_PRODUCT


def test_item_keys_are_stable() -> None:
    assert item_key("one") == 0xC915768BAADDF234, "cursors and indexes of earlier releases contain it"


@pytest.mark.parametrize(
    ("brand", "name", "expected"),
    [
        ("Stussy", "Jeans", "Stussy Jeans"),
        ("Stussy", "stussy jeans", "stussy jeans"),
        ("", "  Old   jeans ", "Old jeans"),
        ("Cos", "Cosy jumper", "Cos Cosy jumper"),
        ("Stussy", "", ""),
        ("", "", ""),
    ],
)
def test_title_joins_brand_and_name_without_repetition(brand: str, name: str, expected: str) -> None:
    assert title(brand, name) == expected


def test_long_title_is_truncated() -> None:
    truncated = title("Brand", "very " * 100 + "long")
    assert len(truncated) <= MAX_TITLE_LENGTH
    assert truncated.endswith("…")
