"""Genders and ages by the words of many languages, in fields, categories and addresses."""

from typing import Any

import pytest

from catalog_jobs.sources.parsers.audiences import gender_in, gender_of


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (
            "Women",
            "female F Women's Damen weiblich Femme mujer Donna feminino dames Damskie Dam kvinder Kadın レディース 女",  # noqa: RUF001
        ),
        ("Men", "male M Mens Herren männlich Homme hombre Uomo masculino heren męskie Herr mænd Erkek メンズ 男士"),
        ("Girls", "girls Mädchen fille niñas bambina menina meisjes dziewczynka flickor piger kız ガールズ 女童"),  # noqa: RUF001
        ("Boys", "Boys jungen garçon niño bambino meninos jongens chłopiec pojkar drenge ボーイズ 男童"),
        ("Unisex", "unisex Unisexe mixte all both ユニセックス 中性"),
    ],
)
def test_gender_is_read_in_many_languages(expected: str, values: str) -> None:
    assert {value: gender_of(value) for value in values.split()} == dict.fromkeys(values.split(), expected)


@pytest.mark.parametrize(
    ("value", "age", "expected"),
    [
        ("http://schema.org/Female", "", "Women"),
        (["male", "female"], "", "Unisex"),
        ("Damen, Herren", "", "Unisex"),
        ("Erkek Çocuk", "", "Boys"),
        ("Kız Çocuk", "", "Girls"),  # noqa: RUF001
        ("Women's clothing", "", "Women"),
        ("male", "Kinder", "Boys"),
        ("femme", "bébé", "Girls"),
        ("female", "0-3 months", "Girls"),
        ("female", "8-10 ans", "Girls"),
        ("female", "18-99 years", "Women"),
        ("female", "adult", "Women"),
        ("unisex", "kids", "Unisex"),
        ("sporty", "", "sporty"),
        ("", "kids", ""),
        (None, None, ""),
    ],
)
def test_gender_and_age_are_read_together(value: Any, age: Any, expected: str) -> None:
    assert gender_of(value, age) == expected


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("Men > Shirts", "Men"),
        ("Women's Shoes", "Women"),
        ("Damenschuhe", "Women"),
        ("Home / Herren / Jacken", "Men"),
        ("Vêtements femme", "Women"),
        ("Abbigliamento donna", "Women"),
        ("Odzież damska", "Women"),
        ("Kids > Boys > Shoes", "Boys"),
        ("Erkek Çocuk Giyim", "Boys"),
        ("Girls > Dresses", "Girls"),
        ("メンズ > シャツ", "Men"),
        ("Women > Boyfriend Jeans", "Women"),
    ],
)
def test_gender_is_read_from_categories(category: str, expected: str) -> None:
    assert gender_in(category) == expected


@pytest.mark.parametrize(
    "category",
    [
        *("", "Coats", "Boy Shorts", "Girls Night Out", "Baby Tees", "Spider Man", "Men & Women", "Women > Men's"),
        *("Donna Karan", "Prima Donna Bras", "Human", "Neutral", "All", "M", "Pan", "Kids", "Baby & Toddler Clothing"),
        *("Women & Girls", "Kinder > Jungen & Mädchen"),
    ],
)
def test_gender_is_not_guessed(category: str) -> None:
    assert not gender_in(category)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/women/dresses/coat", "Women"),
        ("https://a.example/mens-shirts/x", "Men"),
        ("https://a.example/de/damen/jacken/1", "Women"),
        ("https://a.example/kad%C4%B1n/elbise/1", "Women"),
        ("https://a.example/p/womens-coat", ""),
        ("https://women.example/m/coat", ""),
        ("https://[", ""),
    ],
)
def test_gender_is_read_from_the_folders_of_a_url(url: str, expected: str) -> None:
    assert gender_in("Coats", url) == expected
