"""Prices as shops write them, and the ones that can't be read for certain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.sources.parsers.numbers import NumberFormat
from catalog_jobs.sources.parsers.prices import MAX_PRICE, read_minor_units, read_price


@pytest.mark.parametrize(
    ("written", "currency", "amount", "code"),
    [
        ("1.299,00 €", "", 1299.0, "EUR"),
        ("$1,299", "USD", 1299.0, "USD"),
        ("CHF 12.50", "", 12.5, "CHF"),
        ("CHF 1\u2019299.00", "", 1299.0, "CHF"),
        ("CHF 1'299.-", "", 1299.0, "CHF"),
        ("1 299 kr", "SEK", 1299.0, "SEK"),
        ("1\u202f299,90 €", "", 1299.9, "EUR"),
        ("1\u00a0299,900 €", "", 1299.9, "EUR"),
        ("12,99", "EUR", 12.99, "EUR"),
        ("12.99 usd", "", 12.99, "USD"),
        ("US$ 15", "", 15.0, "USD"),
        ("US $15", "", 15.0, "USD"),
        ("$12.99 CAD", "", 12.99, "CAD"),
        ("USD$12", "", 12.0, "USD"),
        ("$.75", "USD", 0.75, "USD"),
        ("£9", "", 9.0, "GBP"),
        ("EUR12.99", "", 12.99, "EUR"),
        ("35€99", "", 35.99, "EUR"),
        ("35 € 99", "", 35.99, "EUR"),
        ("12,- €", "", 12.0, "EUR"),
        ("249:-", "SEK", 249.0, "SEK"),
        ("12.\u2013", "CHF", 12.0, "CHF"),
        ("Rs. 1,23,456.00", "INR", 123456.0, "INR"),
        ("₹ 1,29,900.00", "", 129900.0, "INR"),
        ("Rs.1299", "INR", 1299.0, "INR"),
        ("1.234.567,89 EUR", "", 1234567.89, "EUR"),
        ("\u0661\u0662\u066b\u0665\u0660\u0660 د.ك.\u200f", "", 12.5, "KWD"),
        ("१,२९९", "INR", 1299.0, "INR"),
        ("１２，８００円", "", 12800.0, "JPY"),  # noqa: RUF001
        ("129.0000", "USD", 129.0, "USD"),
        ("41.97479338842975", "EUR", 41.97, "EUR"),
        ("ab 12,99 € inkl. MwSt.*", "", 12.99, "EUR"),
        ("from 12", "EUR", 12.0, "EUR"),
        ("10 - 20", "EUR", 10.0, "EUR"),
        ("$10.00\u2013$20.00", "USD", 10.0, "USD"),
        ("10 bis 20 €", "", 10.0, "EUR"),
        ("12,99&nbsp;&euro;", "", 12.99, "EUR"),
        ("<b>$12.99</b>", "USD", 12.99, "USD"),
        (49, "EUR", 49.0, "EUR"),
        (49.9, "", 49.9, ""),
        (1e3, "EUR", 1000.0, "EUR"),
        (12.345, "KWD", 12.345, "KWD"),
    ],
)
def test_prices_are_read_in_any_locale(written: Any, currency: str, amount: float, code: str) -> None:
    assert read_price(written, currency) == (amount, code, False)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.500 KWD", 12.5),
        ("3.250 BHD", 3.25),
        ("89,900 TND", 89.9),
        ("1,250.500 OMR", 1250.5),
        ("1.299 EUR", 1299.0),
        ("12,500 USD", 12500.0),
        ("1299.000 EUR", 1299.0),
        ("1.299,000 EUR", 1299.0),
        ("0.500 EUR", 0.5),
        ("12.800 JPY", 12800.0),
        ("129.900 COP", 129900.0),
        ("39,000 KRW", 39000.0),
        ("129.000 EUR", None),
        ("12.500", None),
        ("49.995 EUR", None),
        ("1,250 KWD", None),
    ],
)
def test_decimals_of_the_currency_decide_on_three_digits(written: str, amount: float | None) -> None:
    found = read_price(written)
    assert (found.amount, found.is_ambiguous) == (amount, amount is None)


@pytest.mark.parametrize(
    ("others", "written", "amount"),
    [
        (["1299.000 EUR"], "129.000 EUR", 129.0),
        (["0.500"], "12.500", 12.5),
        (["49.90 EUR"], "12.500 EUR", 12.5),
        (["49,90 EUR"], "12.500 EUR", 12500.0),
        (["1.299,00 EUR"], "12.500 EUR", 12500.0),
        (["12.500 KWD", "9.25 KWD"], "1,250 KWD", 1250.0),
        (["1,250.000 KWD"], "2,000 KWD", 2000.0),
        (["49.90 EUR"], "1.299 EUR", None),
        (["49.90 EUR", "1.299,00 EUR"], "12.500 EUR", None),
        (["49.90 EUR"] * 30 + ["1.299,00 EUR"], "12.500 EUR", 12.5),
        (["45.999 ARS", "129.995 ARS", "18.499 ARS", "7.999 ARS", "101.999 ARS"], "12.500 ARS", 12500.0),
        (["45.999 ARS", "45.999 ARS", "45.999 ARS", "45.999 ARS", "45.999 ARS"], "12.500 ARS", None),
        (["45.990 EUR", "129.990 EUR", "18.490 EUR", "7.990 EUR", "101.990 EUR"], "12.500 EUR", None),
        (["45.999", "129.995", "18.499", "7.999", "101.999", "41.97"], "12.500", 12.5),
        (["12.99 JPY"], "12.800 JPY", None),
        (["2024.11.24", "-", "sold"], "12.500 EUR", None),
    ],
)
def test_other_prices_of_the_source_decide_on_three_digits(
    others: list[str], written: str, amount: float | None
) -> None:
    numbers = NumberFormat()
    for other in others:
        numbers.learn(other)
    assert read_price(written, numbers=numbers).amount == amount


@pytest.mark.parametrize(
    "written",
    [
        *("-5 EUR", "\u2212 5", "EUR -5", "12.99-", "(5.00) USD", "1e3", "1E+3", -3, 1e12, 10**400, "9" * 50),
        *("2 for 30", "3 x 10", "20 - 10", "10 / 20", "10 20", "was 80 now 60", "1/2", "10 - 20 - 30"),
        *("10 EUR / 12 USD", "EUR 12 USD", "4.50 €/100 ml", "12 €/m", "12 excl. VAT", "12 + VAT", "RRP 80", "save 20"),
        *(
            "50%",
            "12\u2079\u2079 €",
            "1,299,00",
            "1.299.00",
            "12.34.567",
            "1'29",
            "20 off",
            "12 points",
            "<s>80</s> 60",
        ),
        *(1.299, 49.995),
    ],
)
def test_ambiguous_price_is_none_and_said_to_be_ambiguous(written: Any) -> None:
    assert read_price(written)[::2] == (None, True)


def test_json_number_of_a_currency_without_decimals_is_not_read_as_a_thousandth() -> None:
    assert read_price(129.9, "COP")[::2] == (None, True)
    assert read_price(129900.0, "COP")[::2] == (129900.0, False)


@pytest.mark.parametrize(
    "written", [None, "", "on request", "Free", float("nan"), float("inf"), True, [], {}, "9" * 500, "0", "0.00 EUR", 0]
)
def test_value_without_an_amount_or_of_zero_is_no_price(written: Any) -> None:
    assert read_price(written)[::2] == (None, False)


def test_symbol_that_contradicts_the_currency_is_ambiguous() -> None:
    assert read_price("12 €", "USD").is_ambiguous
    assert read_price("$12", "EUR").is_ambiguous
    assert read_price("$12", "MXN") == (12.0, "MXN", False)
    assert read_price("12 kr", "DKK") == (12.0, "DKK", False)


def test_default_currency_decides_what_a_symbol_and_three_digits_mean() -> None:
    assert read_price("$20", default_currency="CAD")[:2] == (20.0, "CAD")
    assert read_price("$20", default_currency="EUR")[:2] == (20.0, "$")
    assert read_price("$20")[:2] == (20.0, "$")
    assert read_price("12.500", default_currency="KWD")[:2] == (12.5, "KWD")


def test_minor_units_are_read_with_their_decimals() -> None:
    assert read_minor_units("1299", 2, "EUR") == (12.99, "EUR", False)
    assert read_minor_units(1299, 0, "JPY") == (1299.0, "JPY", False)
    assert read_minor_units(12500, 3, "KWD") == (12.5, "KWD", False)
    for written in ("12.99", "", None, -5, True, "1" * 99, 0):
        assert read_minor_units(written, 2, "EUR").amount is None


@given(st.one_of(st.text(max_size=120), st.floats(), st.integers(), st.from_regex(r"[-€$.,' \d]{1,30}")), st.text())
def test_whatever_is_written_the_price_is_payable_or_none(written: Any, currency: str) -> None:
    amount = read_price(written, currency).amount
    assert amount is None or 0 < amount <= MAX_PRICE


@given(st.integers(1, 99_999_999), st.sampled_from([".", ","]), st.sampled_from(["", " ", ".", ",", "'", "\u202f"]))
def test_price_with_cents_is_read_whatever_separates_groups(cents: int, decimal: str, group: str) -> None:
    if group == decimal:
        return
    written = f"{cents // 100:,}".replace(",", group) + f"{decimal}{cents % 100:02}"
    assert read_price(written, "EUR").amount == cents / 100
