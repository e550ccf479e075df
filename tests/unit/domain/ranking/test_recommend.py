"""The pure function `recommend`: shares, pages, orders, filters, near-duplicates and reasons."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Rows
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import product_key
from closetspace.domain.person.opinions import Opinion, OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.closet_features import closet_features
from closetspace.domain.ranking.paging import Cursor, short
from closetspace.domain.ranking.query import Order
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Recommendation, Request
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.errors import InvalidInput, Transient
from tests.support.indexes import NOW, contents
from tests.support.recommending import (
    CLOSET,
    build_index,
    build_index_with_variants,
    closet_entry,
    open_index_of,
    person_with,
    recommend_page,
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build_index(tmp_path_factory.mktemp("index"))


@pytest.fixture
def person() -> Person:
    return person_with(CLOSET)


def ids(page: Recommendation) -> list[str]:
    return [recommended.item.id for recommended in page.items]


def item_of(index: Bundle, item_id: str) -> IndexedItem:
    [item] = index.items(index.rows_of([item_id]))
    return item


def in_category(*names: str) -> Filters:
    return Filters(categories=frozenset(names))


def test_list_has_the_closets_shares_of_categories_at_mix_zero(person: Person, index: Bundle) -> None:
    owned = Counter(entry.category for entry in CLOSET.values())
    page = recommend_page(person, index, 60, mix=0, explore=0)
    listed = Counter(recommended.category for recommended in page.items)
    for category, count in owned.items():
        assert abs(listed[category] / 60 - count / 12) <= 0.1


def test_closet_of_one_category_gets_other_categories_with_a_higher_mix(index: Bundle) -> None:
    tops = (entry for number in range(99) if (entry := closet_entry(number)).category == "Topwear")
    person = person_with({entry.photo_hash: entry for entry in islice(tops, 10)})

    def count_tops(mix: float) -> int:
        page = recommend_page(person, index, mix=mix, explore=0)
        return sum(recommended.category == "Topwear" for recommended in page.items)

    at_zero, at_quarter, at_one = (count_tops(mix) for mix in (0, 0.25, 1))
    assert at_zero == 20
    assert at_zero > at_quarter > at_one


def test_because_names_the_nearest_owned_items(person: Person, index: Bundle) -> None:
    for recommended in recommend_page(person, index, 5).items:
        vector = index.vectors(index.rows_of([recommended.item.id]))[0]
        cosines = {
            item_id: float(vector @ entry.vector / np.linalg.norm(entry.vector)) for item_id, entry in CLOSET.items()
        }
        nearest = max(cosines, key=cosines.__getitem__)
        assert recommended.because[0].item_id == nearest
        assert recommended.because[0].similarity == pytest.approx(cosines[nearest], abs=1e-3)


def test_new_seed_gives_another_list(person: Person, index: Bundle) -> None:
    first, second = (set(ids(recommend_page(person, index, seed=seed, explore=0.5))) for seed in (1, 2))
    assert first != second


def test_list_continues_on_a_new_index_and_reports_it(person: Person, index: Bundle, tmp_path: Path) -> None:
    new_index = open_index_of(contents(), tmp_path, NOW + timedelta(hours=1))
    first = recommend_page(person, index, 40, seed=3)
    second = recommend_page(person, index, 40, cursor=first.cursor)
    third = recommend_page(person, new_index, 40, cursor=second.cursor)
    assert [page.moved_on for page in (first, second, third)] == [False, False, True]
    assert len({*ids(first), *ids(second), *ids(third)}) == 120


def test_order_by_price_sorts_a_list_across_its_pages(person: Person, index: Bundle) -> None:
    pages = [recommend_page(person, index, 25, seed=3, order=Order.PRICE)]
    for _ in range(3):
        pages.append(recommend_page(person, index, 25, order=Order.PRICE, cursor=pages[-1].cursor))
    items = [recommended.item for page in pages for recommended in page.items]
    assert len({item.id for item in items}) == 100
    prices = [item.price for item in items]
    known = [price for price in prices if price is not None]
    assert known == sorted(known)
    assert prices[len(known) :] == [None] * (100 - len(known)), "items without a price come last"


class CountingBundle(Bundle):
    """Counts the vectors that a ranking reads."""

    read = 0

    def vectors(self, rows: Rows) -> FloatArray:
        self.read += len(rows)
        return super().vectors(rows)


def test_no_cursor_makes_a_page_read_more_than_the_first_one(person: Person, tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(2_500), NOW)
    index = CountingBundle(tmp_path, exact_scan_items=10_000)
    every_key = tuple(short(key) for key in index.keys(np.arange(2_500)).tolist())
    cursors = (every_key[:50], every_key[:1_899], every_key[:1] * 1_899, tuple(range(1_000_000, 1_001_899)))
    for order, shown in product(Order, cursors):
        index.read = 0
        recommend_page(person, index, 100, order=order, explore=1.0)
        first, index.read = index.read, 0
        page = recommend_page(person, index, 100, order=order, explore=1.0, cursor=Cursor(1, 0, shown))
        assert not {short(int(key)) for key in index.keys(index.rows_of(ids(page)))} & set(shown)
        assert 0 < index.read <= first


def test_what_a_closet_keeps_changes_no_later_request(person: Person, index: Bundle) -> None:
    """Requests that name labels, genders or prices between requests that name none."""
    priors = EncoderPriors(index.heads)
    kept = closet_features(person, index, priors)
    usual = Request(20, explore=0.5)
    requests = [
        usual,
        replace(usual, colours=frozenset({"Blue"})),
        replace(usual, filters=Filters(gender="Women")),
        replace(usual, filters=Filters(price_max=100.0)),
        usual,
    ]
    listed = [ids(recommend(person, request, index, priors, kept)) for request in requests]
    assert listed == [ids(recommend(person, request, index, priors)) for request in requests]
    assert len({tuple(page) for page in listed}) == 4


def test_pages_of_other_orders_end_with_their_block(person: Person, index: Bundle) -> None:
    page = recommend_page(person, index, 60, seed=3, order=Order.PRICE)
    lengths, listed = [len(page.items)], ids(page)
    while page.cursor:
        page = recommend_page(person, index, 60, order=Order.PRICE, cursor=page.cursor)
        lengths.append(len(page.items))
        listed += ids(page)
    assert lengths == [60, 40, 60, 40, 60, 40, 0]
    assert len(set(listed)) == len(index.keys(np.arange(300)))


def test_order_by_unlock_lists_items_of_most_outfits_first(person: Person, index: Bundle) -> None:
    counts = [recommended.unlock for recommended in recommend_page(person, index, 50, order=Order.UNLOCK).items]
    assert counts == sorted(counts, reverse=True)


def test_unknown_label_is_refused_with_the_known_ones(person: Person, index: Bundle) -> None:
    with pytest.raises(InvalidInput, match="colours: Infrared is not among Red, Blue, Black"):
        recommend_page(person, index, colours=frozenset({"Infrared", "red"}))


def test_unknown_category_is_refused_with_the_known_ones(person: Person, index: Bundle) -> None:
    with pytest.raises(InvalidInput, match="Kimonos is not among Bottomwear, Shoes, Topwear"):
        recommend_page(person, index, filters=in_category("Kimonos"))


def test_near_duplicate_of_an_owned_item_is_left_out_or_labelled(index: Bundle) -> None:
    item, vector = item_of(index, "one-4"), index.vectors(index.rows_of(["one-4"]))[0]
    twin = ClosetEntry("hash-1", vector, item.category, "photo", title="My own")
    owner = person_with({**CLOSET, "twin": twin})
    filters = in_category(item.category)
    assert "one-4" not in ids(recommend_page(owner, index, 100, filters=filters))
    page = recommend_page(owner, index, 100, filters=filters, own_similar=True)
    by_id = {recommended.item.id: recommended for recommended in page.items}
    assert by_id["one-4"].own_item_id == "twin"
    assert by_id["one-4"].reason == "Nearly the same as your My own."
    assert {recommended.own_item_id for recommended in page.items} == {None, "twin"}


def test_variant_of_an_owned_product_is_left_out_or_labelled(index: Bundle) -> None:
    variant = replace(CLOSET["item-0"], product=product_key("Stussy", "Item 6"), title="Other colour")
    owner = person_with({**CLOSET, "item-0": variant})
    filters = in_category(item_of(index, "one-6").category)
    assert "one-6" not in ids(recommend_page(owner, index, 100, filters=filters))
    page = recommend_page(owner, index, 100, filters=filters, own_similar=True)
    (found,) = (recommended for recommended in page.items if recommended.item.id == "one-6")
    assert (found.own_item_id, found.reason) == ("item-0", "Nearly the same as your Other colour.")
    assert found.because[0].item_id != "item-0", "another item is nearer"


def test_variants_of_a_product_are_one_recommendation(person: Person, tmp_path: Path) -> None:
    page = recommend_page(person, build_index_with_variants(tmp_path), 30)
    names = [recommended.item.name for recommended in page.items]
    assert len(set(names)) == len(names)
    for recommended in page.items:
        assert len(recommended.variants) == 4
        assert {variant.name for variant in recommended.variants} == {recommended.item.name}
        assert recommended.item.id not in {variant.id for variant in recommended.variants}


def test_list_has_exactly_the_items_that_pass_the_filters(person: Person, index: Bundle) -> None:
    filters = Filters(frozenset({"Shoes"}), gender="Men", brands=frozenset({"Stussy"}), price_max=150)
    expected = {
        item.id
        for item in contents().items
        if item.category == "Shoes"
        and item.gender in ("Men", "Unisex")
        and item.brand == "Stussy"
        and item.price is not None
        and item.price <= 150
    }
    assert set(ids(recommend_page(person, index, 100, filters=filters))) == expected


def test_category_that_is_not_owned_can_be_requested(index: Bundle) -> None:
    owned = closet_entry(0)
    requested = next(category for category in index.category_means if category != owned.category)
    page = recommend_page(person_with({"only": owned}), index, filters=in_category(requested))
    assert {recommended.category for recommended in page.items} == {requested}


def test_closet_without_a_category_of_the_index_gets_a_list(index: Bundle) -> None:
    person = person_with({item_id: replace(entry, category="Kimonos") for item_id, entry in CLOSET.items()})
    assert len(recommend_page(person, index).items) == 20


def test_entries_of_another_encoder_are_ignored(index: Bundle) -> None:
    others = {item_id: replace(entry, encoder="other") for item_id, entry in CLOSET.items()}
    page = recommend_page(person_with({**others, "item-0": CLOSET["item-0"]}), index)
    assert {match.item_id for recommended in page.items for match in recommended.because} == {"item-0"}


def test_closet_without_an_entry_of_the_indexs_encoder_is_a_transient_error(index: Bundle) -> None:
    others = {item_id: replace(entry, encoder="an older one") for item_id, entry in CLOSET.items()}
    with pytest.raises(Transient, match="encoder migrate"):
        recommend_page(person_with(others), index)


def rated(index: Bundle, page: Recommendation, kind: OpinionKind) -> dict[str, Opinion]:
    rows = index.rows_of(ids(page))
    products = index.products(rows).tolist()
    return {item_id: Opinion(kind, product) for item_id, product in zip(ids(page), products, strict=True)}


def narrow_filters(index: Bundle) -> dict[str, Filters]:
    """Filters that leave nothing, one item, and a few items."""
    items = index.items(np.arange(index.manifest.count))
    [dearest, *_] = sorted((item.price for item in items if item.price is not None), reverse=True)
    return {
        "no brand": Filters(brands=frozenset({"a brand that nothing has"})),
        "no price": Filters(price_min=dearest + 1),
        "no gender": Filters(gender="a gender that nothing has", brands=frozenset({"a brand that nothing has"})),
        "one price": Filters(price_min=dearest),
        "one brand": Filters(brands=frozenset({items[0].brand}), price_max=items[0].price),
        "a category": in_category(items[0].category),
        "every brand but one": Filters(brands_out=frozenset({item.brand for item in items} - {items[0].brand})),
        "all": Filters(),
    }


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("history", ["nothing", "shown", "liked", "dismissed", "owned"])
def test_every_filter_and_order_answers_at_zero_one_and_few_results(
    person: Person, index: Bundle, order: Order, history: str
) -> None:
    first = recommend_page(person, index, 20, seed=1)
    kinds = {"liked": OpinionKind.LIKE, "dismissed": OpinionKind.DISMISS, "owned": OpinionKind.OWN}
    if history == "shown":
        person = replace(person, shown=person.shown.with_page(1, first.shown))
    elif history in kinds:
        person = replace(person, opinions=rated(index, first, kinds[history]))
    for name, filters in narrow_filters(index).items():
        page = recommend_page(person, index, 20, seed=2, filters=filters, order=order)
        assert len(set(ids(page))) == len(page.items) <= 20, name
        assert name.startswith("no ") == (not page.items) or name.startswith("one"), name
        if page.cursor:
            following = recommend_page(person, index, 20, filters=filters, order=order, cursor=page.cursor)
            assert not set(ids(page)) & set(ids(following)), name
