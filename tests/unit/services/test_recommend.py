"""Recommendations: the mix, the pages, the filters, the reasons."""

import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.products import product_key
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.person.shown import ShownLists
from closetspace.domain.ranking.paging import MAX_SHOWN, Cursor
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.errors import FailedPrecondition, InvalidInput, Transient
from closetspace.services.feedback import FeedbackKeeper
from closetspace.services.live_index import choose_index
from closetspace.services.recommend import Recommender
from tests.support.fakes import HashEncoder, World, decode_anything
from tests.support.indexes import DIM, ENCODER, NOW, contents
from tests.support.recommending import ask, parse_recommend


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("index")
    write_bundle(folder, contents(), NOW)
    return Bundle(folder, exact_scan_items=10_000)


@pytest.fixture
def world() -> World:
    world = World()
    world.encoder.dim = DIM
    for number in range(12):
        world.add(f"item-{number}", f"photo {number}".encode())
    return world


@pytest.fixture
def recommender(world: World, index: Bundle) -> Recommender:
    return Recommender(world.database, lambda _: index, world.priors)


def picture(number: int) -> Garment:
    """What `World.add` uploads as ``photo {number}``."""
    return Garment(decode_anything(f"photo {number}".encode()))


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["id"] for item in answer["items"]]


def test_answer_has_what_the_frontends_card_shows(recommender: Recommender) -> None:
    answer = ask(recommender, seed=7)
    assert set(answer) == {"items", "cursor", "seed", "index_version", "moved_on"}
    assert (len(answer["items"]), answer["seed"], answer["moved_on"]) == (20, 7, False)
    for item in answer["items"]:
        assert set(item) == {
            *("id", "name", "brand", "src", "url", "price", "currency", "category", "score", "because"),
            *("in_stock", "interest", "contributions", "reason", "variants", "unlock", "own_similar"),
        }
        assert item["src"].startswith("https://")
        assert sum(item["contributions"].values()) == pytest.approx(item["score"], abs=1e-3)
        assert item["reason"].endswith(".")


def test_mix_follows_the_closets_categories(recommender: Recommender, world: World) -> None:
    closet = Counter(entry.category for entry in world.entries().values())
    answer = Counter(item["category"] for item in ask(recommender, count=60, mix=0, explore=0)["items"])
    for category, count in closet.items():
        assert abs(answer[category] / 60 - count / 12) <= 0.1


def test_closet_of_one_category_is_offered_what_it_lacks_as_far_as_asked(index: Bundle) -> None:
    world = World()
    world.encoder.dim = DIM
    numbers = (n for n in range(99) if world.encoder.encode([picture(n)])[0].category == "Topwear")
    for number in islice(numbers, 10):
        world.add(f"item-{number}", f"photo {number}".encode())
    recommender = Recommender(world.database, lambda _: index, world.priors)
    tops = [
        Counter(i["category"] for i in ask(recommender, mix=mix, explore=0)["items"])["Topwear"] for mix in (0, 0.25, 1)
    ]
    assert tops[0] == 20
    assert tops[0] > tops[1] > tops[2]


def test_because_names_the_nearest_owned_items(recommender: Recommender, world: World, index: Bundle) -> None:
    entries = world.entries()
    for item in ask(recommender, count=5)["items"]:
        row = next(r for r in range(300) if index.items(np.array([r]))[0].id == item["id"])
        vector = index.vectors(np.array([row]))[0]
        cosines = {i: float(vector @ e.vector / np.linalg.norm(e.vector)) for i, e in entries.items()}
        best = max(cosines, key=cosines.__getitem__)
        assert item["because"][0]["itemId"] == best
        assert item["because"][0]["similarity"] == pytest.approx(cosines[best], abs=1e-3)


def test_same_seed_gives_the_same_pages_and_no_item_comes_twice(recommender: Recommender) -> None:
    def pages() -> list[list[str]]:
        found, cursor = [], None
        while True:
            answer = ask(recommender, count=40, seed=3, explore=0.5, **({"cursor": cursor} if cursor else {}))
            found.append(ids(answer))
            cursor = answer["cursor"]
            if not answer["items"]:
                return found

    first = pages()
    assert first == pages()
    shown = [item for page in first for item in page]
    assert len(shown) == len(set(shown)) == 300, "the pages end when every item was shown"


def test_pages_do_not_repeat_when_the_closet_changes_in_between(recommender: Recommender, world: World) -> None:
    first = ask(recommender, count=40, seed=3)
    world.add("item-new", b"another photo")
    second = ask(recommender, count=40, cursor=first["cursor"])
    assert not set(ids(first)) & set(ids(second))


def test_new_seed_shows_other_items_of_the_same_taste(recommender: Recommender) -> None:
    one, two = (set(ids(ask(recommender, seed=seed, explore=0.5))) for seed in (1, 2))
    assert one != two


def test_seed_is_chosen_and_told_when_none_is_given(recommender: Recommender) -> None:
    answer = ask(recommender, explore=0.5)
    assert ids(ask(recommender, explore=0.5, seed=answer["seed"])) == ids(answer)
    assert answer["seed"] < 2**53, "JavaScript can't hold larger whole numbers"


def test_pages_go_on_and_say_so_when_a_new_index_is_published(world: World, index: Bundle, tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW + timedelta(hours=1))
    current = [index]
    recommender = Recommender(world.database, lambda _: current[0], world.priors)
    first = ask(recommender, count=40, seed=3)
    second = ask(recommender, count=40, cursor=first["cursor"])
    current[0] = Bundle(tmp_path, exact_scan_items=10_000)
    third = ask(recommender, count=40, cursor=second["cursor"])
    assert [page["moved_on"] for page in (first, second, third)] == [False, False, True]
    assert len({*ids(first), *ids(second), *ids(third)}) == 120


def test_what_was_shown_lately_comes_later_and_the_same_seed_stays_the_same(recommender: Recommender) -> None:
    first = ids(ask(recommender, seed=1, explore=0))
    second = ids(ask(recommender, seed=2, explore=0))
    assert len(set(first) & set(second)) < 15, "without chance, only what was shown makes a difference"
    assert ids(ask(recommender, seed=1, explore=0)) == first
    assert ids(ask(recommender, seed=2, explore=0)) == second


def test_answer_is_given_though_what_is_shown_can_not_be_noted(world: World, index: Bundle) -> None:
    class Forgetful(MemoryDatabase):
        def remember_shown(self, uid: str, shown: ShownLists) -> None:
            raise Transient("the database is away")

    database = Forgetful(closets=world.database.closets, versions=world.database.versions)
    assert len(ask(Recommender(database, lambda _: index, world.priors))["items"]) == 20


def test_list_in_order_of_price_is_sorted_page_after_page(recommender: Recommender) -> None:
    prices, seen, cursor = [], list[str](), None
    for _ in range(4):
        answer = ask(recommender, count=25, seed=3, order="price", **({"cursor": cursor} if cursor else {}))
        prices += [item["price"] for item in answer["items"]]
        seen += ids(answer)
        cursor = answer["cursor"]
    assert len(set(seen)) == 100
    known = [price for price in prices if price is not None]
    assert known == sorted(known)
    assert prices[len(known) :] == [None] * (100 - len(known)), "what has no price comes last"


def test_list_in_order_of_unlocks_begins_with_what_makes_most_possible(recommender: Recommender) -> None:
    counts = [item["unlock"] for item in ask(recommender, count=50, order="unlock")["items"]]
    assert counts == sorted(counts, reverse=True)


def test_dismissed_product_does_not_come_back_and_can_be_taken_back_exactly(
    recommender: Recommender, world: World, index: Bundle
) -> None:
    feedback = FeedbackKeeper(world.database, lambda _: index)
    before = ids(ask(recommender, seed=1))
    feedback.give("ann", before[0], OpinionKind.DISMISS)
    assert before[0] not in ids(ask(recommender, seed=1, count=100))
    feedback.give("ann", before[0], None)
    assert ids(ask(recommender, seed=1)) == before


def test_like_moves_the_ranking(recommender: Recommender, world: World, index: Bundle) -> None:
    liked = ids(ask(recommender, count=100, seed=1))[80]
    place = ids(ask(recommender, count=100, seed=1, explore=0)).index(liked)
    FeedbackKeeper(world.database, lambda _: index).give("ann", liked, OpinionKind.LIKE)
    answer = ask(recommender, count=100, seed=1, explore=0)
    assert ids(answer).index(liked) < place
    item = next(item for item in answer["items"] if item["id"] == liked)
    assert item["contributions"]["feedback"] > 0


def test_persons_preferences_hold_where_the_request_says_nothing(recommender: Recommender, world: World) -> None:
    world.database.preferences["ann"] = {"gender": "Women", "brands_out": ["Arket"], "mix": 1.0, "usage": ["Formal"]}
    names = {item.id: item for item in contents().items}
    genders = {names[i].gender for i in ids(ask(recommender, count=100))}
    assert genders <= {"Women", "Unisex"}
    assert {names[i].brand for i in ids(ask(recommender, count=100))} == {"Stussy"}
    assert {names[i].gender for i in ids(ask(recommender, count=100, gender="Men"))} <= {"Men", "Unisex"}


def test_label_that_no_head_knows_is_refused_with_those_there_are(recommender: Recommender) -> None:
    with pytest.raises(InvalidInput, match="colours: Infrared is not among Red, Blue, Black"):
        ask(recommender, colours=["Infrared", "red"])


def test_near_duplicate_of_what_is_owned_is_left_out_or_labelled(world: World, index: Bundle) -> None:
    twin = index.rows_of(["one-4"])
    entry = ClosetEntry("hash-1", index.vectors(twin)[0], index.items(twin)[0].category, "photo", title="My own")
    world.database.closets["ann"]["twin"] = {"hash-1": entry}
    recommender = Recommender(world.database, lambda _: index, world.priors)
    assert "one-4" not in ids(ask(recommender, count=100, categories=[index.items(twin)[0].category]))
    asked: dict[str, Any] = {"count": 100, "own_similar": True, "categories": [index.items(twin)[0].category]}
    found = {item["id"]: item for item in ask(recommender, **asked)["items"]}
    assert found["one-4"]["own_similar"] == "twin"
    assert found["one-4"]["reason"] == "Nearly the same as your My own."
    assert {item["own_similar"] for item in found.values()} == {None, "twin"}


def test_variant_of_what_is_owned_is_left_out_or_labelled(world: World, index: Bundle) -> None:
    [(item_id, by_encoder), *_] = world.database.closets["ann"].items()
    owned = replace(by_encoder["hash-1"], product=product_key("Stussy", "Item 6"))
    world.database.closets["ann"][item_id] = {"hash-1": owned}
    recommender = Recommender(world.database, lambda _: index, world.priors)
    category = [index.items(index.rows_of(["one-6"]))[0].category]
    assert "one-6" not in ids(ask(recommender, count=100, categories=category))
    answer = ask(recommender, count=100, categories=category, own_similar=True)
    assert {item["id"]: item["own_similar"] for item in answer["items"]}["one-6"] == item_id


def test_variants_of_a_product_are_one_answer(world: World, tmp_path: Path) -> None:
    items = [replace(item, name=f"Item {place // 5}", brand="Nike") for place, item in enumerate(contents().items)]
    write_bundle(tmp_path, replace(contents(), items=items), NOW)
    index = Bundle(tmp_path, exact_scan_items=10_000)
    answer = ask(Recommender(world.database, lambda _: index, world.priors), count=30)
    names = [item["name"] for item in answer["items"]]
    assert len(set(names)) == len(names)
    for item in answer["items"]:
        assert len(item["variants"]) == 4
        assert {variant["name"] for variant in item["variants"]} == {item["name"]}
        assert item["id"] not in {variant["id"] for variant in item["variants"]}


def test_filters_narrow_the_answer_exactly(recommender: Recommender) -> None:
    answer = ask(recommender, count=100, categories=["Shoes"], gender="Men", brands=["Stussy"], price_max=150)
    expected = {
        item.id
        for item in contents().items
        if item.category == "Shoes"
        and item.gender in ("Men", "Unisex")
        and item.brand == "Stussy"
        and item.price is not None
        and item.price <= 150
    }
    assert set(ids(answer)) == expected


def test_category_that_is_not_owned_can_be_asked_for(index: Bundle) -> None:
    world = World()
    world.encoder.dim = DIM
    world.add("only", b"one photo")
    owned = world.entries()["only"].category
    other = next(c for c in index.category_means if c != owned)
    answer = ask(Recommender(world.database, lambda _: index, world.priors), categories=[other])
    assert {item["category"] for item in answer["items"]} == {other}


def test_category_that_the_index_lacks_is_refused_with_those_it_has(recommender: Recommender) -> None:
    with pytest.raises(InvalidInput, match="Kimonos is not among Bottomwear, Shoes, Topwear"):
        ask(recommender, categories=["Kimonos"])


def test_closet_of_categories_that_the_index_lacks_still_gets_an_answer(index: Bundle, world: World) -> None:
    for item_id, entry in world.entries().items():
        world.database.closets["ann"][item_id] = {entry.encoder: replace(entry, category="Kimonos")}
    assert len(ask(Recommender(world.database, lambda _: index, world.priors))["items"]) == 20


def test_empty_closet_is_told_to_add_items_first(recommender: Recommender) -> None:
    with pytest.raises(FailedPrecondition, match="Add photos"):
        ask(recommender, uid="nobody")


def test_vectors_of_another_encoder_take_no_part(recommender: Recommender, world: World) -> None:
    for item_id in list(world.entries())[1:]:
        world.database.closets["ann"][item_id]["other"] = world.database.closets["ann"][item_id].pop("hash-1")
    only = set(world.entries())
    assert {reason["itemId"] for item in ask(recommender)["items"] for reason in item["because"]} == only


def test_closet_that_no_index_fits_is_not_told_to_be_empty(recommender: Recommender, world: World) -> None:
    for by_encoder in world.database.closets["ann"].values():
        by_encoder["an older one"] = by_encoder.pop("hash-1")
    with pytest.raises(Transient, match="encoder migrate"):
        ask(recommender)


def test_pages_from_two_encoders_indexes_repeat_no_item(world: World, index: Bundle, tmp_path: Path) -> None:
    write_bundle(tmp_path, replace(contents(), encoder=replace(ENCODER, id="hash.2")), NOW + timedelta(hours=1))
    indexes = [index, Bundle(tmp_path, exact_scan_items=10_000)]
    recommender = Recommender(world.database, lambda coverage: choose_index(indexes, coverage), world.priors)
    world.taste_keeper.refresh("ann")
    first = ask(recommender, count=40, seed=3)
    newer = replace(world, encoder=HashEncoder(DIM, "hash.2"))
    for item_id in list(world.entries()):
        newer.reconciler.reembed(item_id)
    newer.database.keep_only("ann", "hash.2")
    second = ask(recommender, count=40, cursor=first["cursor"])
    assert [page["index_version"] for page in (first, second)] == [i.version for i in indexes]
    assert len(set(ids(first)) | set(ids(second))) == 80


def test_fresh_taste_is_used_and_a_stale_one_is_not(recommender: Recommender, world: World) -> None:
    expected = ids(ask(recommender, explore=0, seed=4))
    world.taste_keeper.refresh("ann")
    assert ids(ask(recommender, explore=0, seed=4)) == expected
    world.add("item-new", b"another photo")
    stale = world.database.tastes.get("ann")
    assert stale is not None
    assert stale.closet_version < world.database.closet("ann").version
    renewed = ids(ask(recommender, explore=0, seed=4))
    world.taste_keeper.refresh("ann")
    assert ids(ask(recommender, explore=0, seed=4)) == renewed


def test_taste_is_the_mean_of_the_closet(world: World) -> None:
    taste = derive_taste(world.database.closet("ann"), world.encoder.id)
    vectors = np.array([e.vector for e in world.entries().values()], np.float64)
    np.testing.assert_allclose(taste.mean, vectors.mean(axis=0), atol=1e-6)
    assert taste.count == 12


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"count": "20"}, "count"),
        ({"count": True}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"explore": 1.5}, "explore"),
        ({"explore": float("nan")}, "explore"),
        ({"categories": "Shoes"}, "categories"),
        ({"categories": []}, "categories"),
        ({"categories": ["x"] * 51}, "categories"),
        ({"brands": ["x" * 101]}, "brands.0"),
        ({"price_max": -1}, "price_max"),
        ({"price_max": float("inf")}, "price_max"),
        ({"price_min": 20, "price_max": 10}, "price_min"),
        ({"serendipity": 2}, "serendipity"),
        ({"mix": "1"}, "mix"),
        ({"in_stock": 1}, "in_stock"),
        ({"order": "newest"}, "order"),
        ({"usage": ["x"] * 21}, "usage"),
        ({"brands_out": [""]}, "brands_out.0"),
        ({"cursor": "!!!"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "A" * 12_001}, "cursor"),
        ({"cuonut": 20}, "cuonut"),
        ([1, 2], "data"),
        ("hello", "data"),
    ],
)
def test_invalid_request_names_its_field(data: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_recommend(data)
    assert caught.value.field == field
    assert field in caught.value.message


def test_request_without_fields_has_defaults() -> None:
    assert replace(parse_recommend(None), seed=0) == replace(parse_recommend({}), seed=0)
    assert parse_recommend({"price_max": 50}).filters == Filters(price_max=50.0)


@given(st.text(max_size=60))
def test_cursor_that_nobody_made_is_refused_or_harmless(text: str) -> None:
    with suppress(InvalidInput):
        assert Cursor.decode(text).encode() == text.rstrip("=")


@given(st.integers(0, 2**53 - 1), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_cursor_survives_the_journey(seed: int, keys: list[int]) -> None:
    cursor = Cursor(seed).after(keys)
    assert cursor is not None
    assert Cursor.decode(cursor.encode()) == cursor


def test_list_ends_before_its_cursor_grows_too_large() -> None:
    assert Cursor(1).after(range(MAX_SHOWN)) is None
    longest = Cursor(1).after(range(MAX_SHOWN - 1))
    assert longest is not None
    assert len(longest.encode()) < 12_000


def test_requests_in_parallel_get_the_same_answers(recommender: Recommender) -> None:
    expected = ids(ask(recommender, seed=1))
    wrong: list[list[str]] = []

    def work() -> None:
        for _ in range(20):
            answer = ids(ask(recommender, seed=1))
            if answer != expected:
                wrong.append(answer)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_recommending_loads_no_network() -> None:
    """The function that recommends must start fast: neither torch nor onnxruntime nor tokenizers."""
    import subprocess

    code = (
        "import sys; import closetspace.services.recommend, closetspace.adapters.index.reader,"
        " closetspace.api.requests, closetspace.bootstrap as bootstrap; bootstrap.encoder_id(bootstrap.Settings());"
        " print([m for m in ('torch', 'onnxruntime', 'tokenizers', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
