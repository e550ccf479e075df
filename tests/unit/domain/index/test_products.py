"""What is one product, and what it is called."""

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
def test_case_blanks_punctuation_and_a_repeated_brand_make_no_other_product(
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
def test_other_names_and_brands_are_other_products(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert product_key(*one) != product_key(*other)


def test_shops_own_group_counts_and_not_the_name() -> None:
    assert product_key("Nike", "Air Max, red", "am-1") == product_key("Nike", "Air Max, blue", "am-1")
    assert product_key("Nike", "Air Max", "am-1") != product_key("Nike", "Air Max", "am-2")
    assert product_key("", "Group: X") != product_key("", "", "X")


@given(st.text(max_size=40))
def test_what_has_no_name_is_no_product_whatever_its_brand(brand: str) -> None:
    assert product_key(brand, " .- ") == NO_PRODUCT


def test_keys_stay_what_they_are() -> None:
    assert item_key("one") == 0xC915768BAADDF234, "cursors and indexes of earlier releases hold it"


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
def test_title_is_brand_and_name_once(brand: str, name: str, expected: str) -> None:
    assert title(brand, name) == expected


def test_title_too_long_for_a_sentence_is_cut() -> None:
    cut = title("Brand", "very " * 100 + "long")
    assert len(cut) <= MAX_TITLE_LENGTH
    assert cut.endswith("…")
