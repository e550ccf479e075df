"""Recommending as a service: what is stored of a person changes their lists, and each page is remembered."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.person.shown import ShownLists
from closetspace.domain.wardrobe.state import Status
from closetspace.errors import FailedPrecondition, Transient
from closetspace.log_labels import current_labels, log_labels
from closetspace.services.feedback import FeedbackKeeper
from closetspace.services.live_index import choose_index
from closetspace.services.recommend import Recommender
from tests.support.fakes import HashEncoder, World
from tests.support.indexes import DIM, ENCODER, NOW, contents
from tests.support.recommending import build_index, call_recommend, open_index_of


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build_index(tmp_path_factory.mktemp("index"))


@pytest.fixture
def world() -> World:
    world = World(encoder=HashEncoder(DIM))
    for number in range(12):
        world.add(f"item-{number}", f"photo {number}".encode())
    return world


@pytest.fixture
def recommender(world: World, index: Bundle) -> Recommender:
    return Recommender(world.database, world.database, lambda _: index, world.priors)


def ids(response: dict[str, Any]) -> list[str]:
    return [item["id"] for item in response["items"]]


def test_same_seed_gives_the_same_pages_and_no_item_comes_twice(recommender: Recommender) -> None:
    def all_pages() -> list[list[str]]:
        pages, cursor = [], None
        while True:
            response = call_recommend(
                recommender, count=40, seed=3, explore=0.5, **({"cursor": cursor} if cursor else {})
            )
            pages.append(ids(response))
            cursor = response["cursor"]
            if not response["items"]:
                return pages

    first = all_pages()
    assert first == all_pages()
    shown = [item_id for page in first for item_id in page]
    assert len(shown) == len(set(shown)) == 300, "the pages end when every item was shown"


def test_first_and_later_lists_are_the_same_in_every_thread(world: World, index: Bundle) -> None:
    def answer(recommender: Recommender, seed: int) -> dict[str, Any]:
        return call_recommend(recommender, seed=seed, explore=0.5)

    def new_recommender() -> Recommender:
        return Recommender(world.database, world.database, lambda _: index, world.priors)

    # Each by a recommender that has nothing cached, for a person who was shown nothing.
    world.database.remember_shown = lambda *_: None  # type: ignore[method-assign]
    expected = [answer(new_recommender(), seed) for seed in range(8)]
    recommender = new_recommender()
    with ThreadPoolExecutor(40) as threads:
        assert list(threads.map(lambda number: answer(recommender, number % 8), range(80))) == expected * 10


def test_pages_repeat_no_item_if_the_closet_changes_in_between(recommender: Recommender, world: World) -> None:
    first = call_recommend(recommender, count=40, seed=3)
    world.add("item-new", b"another photo")
    second = call_recommend(recommender, count=40, cursor=first["cursor"])
    assert not set(ids(first)) & set(ids(second))


def test_response_has_the_seed_that_repeats_its_list(recommender: Recommender) -> None:
    response = call_recommend(recommender, explore=0.5)
    assert ids(call_recommend(recommender, explore=0.5, seed=response["seed"])) == ids(response)
    assert response["seed"] < 2**53, "JavaScript can't hold larger whole numbers"


def test_recently_shown_items_come_later_and_the_same_seed_repeats_its_list(recommender: Recommender) -> None:
    first = ids(call_recommend(recommender, seed=1, explore=0))
    second = ids(call_recommend(recommender, seed=2, explore=0))
    assert len(set(first) & set(second)) < 15, "without exploration, only shown items make a difference"
    assert ids(call_recommend(recommender, seed=1, explore=0)) == first
    assert ids(call_recommend(recommender, seed=2, explore=0)) == second


def test_person_whose_account_is_being_deleted_gets_no_recommendations(recommender: Recommender, world: World) -> None:
    world.database.accounts.mark("ann", NOW)
    with pytest.raises(FailedPrecondition) as caught:
        call_recommend(recommender)
    assert caught.value.reason == "account_deleted"
    assert not world.database.shown


def test_response_survives_a_failure_to_store_shown_items(world: World, index: Bundle) -> None:
    class ReadOnlyDatabase(MemoryDatabase):
        def remember_shown(self, uid: str, shown: ShownLists) -> None:
            raise Transient("the database is away")

    database = ReadOnlyDatabase(closets=world.database.closets, versions=world.database.versions)
    assert len(call_recommend(Recommender(database, database, lambda _: index, world.priors))["items"]) == 20


def test_dismissed_item_is_not_recommended_until_the_dismissal_is_removed(
    recommender: Recommender, world: World, index: Bundle
) -> None:
    feedback = FeedbackKeeper(world.database, lambda _: index)
    before = ids(call_recommend(recommender, seed=1))
    feedback.give("ann", before[0], OpinionKind.DISMISS)
    assert before[0] not in ids(call_recommend(recommender, seed=1, count=100))
    feedback.give("ann", before[0], None)
    assert ids(call_recommend(recommender, seed=1)) == before


def test_liked_item_moves_up_with_a_positive_contribution(
    recommender: Recommender, world: World, index: Bundle
) -> None:
    liked = ids(call_recommend(recommender, count=100, seed=1))[80]
    place = ids(call_recommend(recommender, count=100, seed=1, explore=0)).index(liked)
    FeedbackKeeper(world.database, lambda _: index).give("ann", liked, OpinionKind.LIKE)
    response = call_recommend(recommender, count=100, seed=1, explore=0)
    assert ids(response).index(liked) < place
    item = next(item for item in response["items"] if item["id"] == liked)
    assert item["contributions"]["feedback"] > 0


def test_preferences_apply_where_the_request_sets_nothing(recommender: Recommender, world: World) -> None:
    world.database.preferences["ann"] = {"gender": "Women", "brands_out": ["Arket"], "mix": 1.0, "usage": ["Formal"]}
    items = {item.id: item for item in contents().items}
    genders = {items[item_id].gender for item_id in ids(call_recommend(recommender, count=100))}
    assert genders <= {"Women", "Unisex"}
    assert {items[item_id].brand for item_id in ids(call_recommend(recommender, count=100))} == {"Stussy"}
    for_men = ids(call_recommend(recommender, count=100, gender="Men"))
    assert {items[item_id].gender for item_id in for_men} <= {"Men", "Unisex"}


def refuse(recommender: Recommender, uid: str) -> FailedPrecondition:
    with pytest.raises(FailedPrecondition) as caught:
        call_recommend(recommender, uid=uid)
    return caught.value


def test_error_for_a_closet_without_ready_items_says_why(recommender: Recommender, world: World) -> None:
    def reason_and_counts() -> tuple[str | None, dict[str, int]]:
        refusal = refuse(recommender, "eve")
        assert str(refusal).endswith(".")
        return refusal.reason, dict(refusal.details)

    assert reason_and_counts() == ("empty", {"processing": 0, "waiting": 0, "failed": 0})
    world.write_item("waiting", "eve")
    assert reason_and_counts() == ("processing", {"processing": 1, "waiting": 0, "failed": 0}), (
        "no event has reached it yet"
    )
    world.reconciler.reconcile("waiting")
    assert reason_and_counts() == ("empty", {"processing": 0, "waiting": 1, "failed": 0})
    world.add("broken", b"bad picture", "eve")
    assert reason_and_counts() == ("failed", {"processing": 0, "waiting": 1, "failed": 1})
    world.web.photos["https://photos.example/a.jpg"] = Transient("the network is down")
    world.write_item("busy", "eve", photo_path=None, secure_url="https://photos.example/a.jpg")
    with pytest.raises(Transient):
        world.reconciler.reconcile("busy")
    assert reason_and_counts() == ("processing", {"processing": 1, "waiting": 1, "failed": 1})


def test_first_page_says_how_many_items_are_still_processed(recommender: Recommender, world: World) -> None:
    first = call_recommend(recommender, count=5)
    assert first["processing"] == 0
    world.web.photos["https://photos.example/a.jpg"] = Transient("the network is down")
    world.write_item("busy", photo_path=None, secure_url="https://photos.example/a.jpg")
    with pytest.raises(Transient):
        world.reconciler.reconcile("busy")
    assert call_recommend(recommender, count=5)["processing"] == 1
    world.write_item("unseen")
    assert call_recommend(recommender, count=5)["processing"] == 2
    assert call_recommend(recommender, count=5, cursor=first["cursor"])["processing"] is None


def test_answer_does_not_fail_because_items_can_not_be_counted(world: World, index: Bundle) -> None:
    class Away(MemoryDatabase):
        def count_states(self, uid: str, *statuses: Status) -> int:
            raise Transient("the database is away")

    answer = call_recommend(Recommender(world.database, Away(), lambda _: index, world.priors), count=5)
    assert (len(answer["items"]), answer["processing"]) == (5, None)


def test_pages_from_indexes_of_two_encoders_repeat_no_item(world: World, index: Bundle, tmp_path: Path) -> None:
    by_newer = replace(contents(), encoder=replace(ENCODER, id="hash.2"))
    indexes = [index, open_index_of(by_newer, tmp_path, NOW + timedelta(hours=1))]
    recommender = Recommender(
        world.database, world.database, lambda coverage: choose_index(indexes, coverage), world.priors
    )
    world.taste_keeper.refresh("ann")
    first = call_recommend(recommender, count=40, seed=3)
    newer = replace(world, encoder=HashEncoder(DIM, "hash.2"))
    for item_id in list(world.entries()):
        newer.reconciler.reembed(item_id)
    newer.database.keep_only("ann", "hash.2")
    second = call_recommend(recommender, count=40, cursor=first["cursor"])
    assert [page["index_version"] for page in (first, second)] == [index.version for index in indexes]
    assert len(set(ids(first)) | set(ids(second))) == 80


def test_stored_taste_is_used_only_if_it_is_current(recommender: Recommender, world: World) -> None:
    expected = ids(call_recommend(recommender, explore=0, seed=4))
    world.taste_keeper.refresh("ann")
    assert ids(call_recommend(recommender, explore=0, seed=4)) == expected
    world.add("item-new", b"another photo")
    stale = world.database.tastes.get("ann")
    assert stale is not None
    assert stale.closet_version < world.database.closet("ann").version
    with_stale = ids(call_recommend(recommender, explore=0, seed=4))
    world.taste_keeper.refresh("ann")
    assert ids(call_recommend(recommender, explore=0, seed=4)) == with_stale


def test_parallel_requests_get_the_same_list(recommender: Recommender) -> None:
    expected = ids(call_recommend(recommender, seed=1))
    different: list[list[str]] = []

    def call_twenty_times() -> None:
        for _ in range(20):
            listed = ids(call_recommend(recommender, seed=1))
            if listed != expected:
                different.append(listed)

    threads = [threading.Thread(target=call_twenty_times) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not different


class CountingPeople(MemoryDatabase):
    """Counts the requests that read a person at the same time."""

    reading, most = 0, 0
    also: Callable[[], None] = staticmethod(lambda: None)

    def person(self, uid: str) -> Person:
        self.reading += 1
        self.most = max(self.most, self.reading)
        self.also()
        person = super().person(uid)
        self.reading -= 1
        return person


@pytest.fixture
def people(world: World) -> CountingPeople:
    return CountingPeople(closets=world.database.closets, versions=world.database.versions)


def test_requests_of_a_person_whose_closet_is_not_known_wait_for_each_other(
    people: CountingPeople, world: World, index: Bundle
) -> None:
    pages: list[dict[str, Any]] = []
    for _ in range(3):
        # Each time the closet is unknown.
        recommender = Recommender(people, world.database, lambda _: index, world.priors)
        threads = [
            threading.Thread(target=lambda asked=recommender: pages.append(call_recommend(asked, seed=1)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert people.most == 1
    assert len({tuple(ids(page)) for page in pages}) == 1


def test_requests_of_a_small_closet_do_not_wait(people: CountingPeople, world: World, index: Bundle) -> None:
    recommender = Recommender(people, world.database, lambda _: index, world.priors)
    expected = ids(call_recommend(recommender, seed=1))
    nested: list[list[str]] = []

    def ask_once_more() -> None:
        people.also = lambda: None
        nested.append(ids(call_recommend(recommender, seed=1)))

    people.also = ask_once_more
    assert ids(call_recommend(recommender, seed=1)) == expected
    assert nested == [expected]
    assert people.most == 2


def test_lines_about_a_request_name_the_version_of_the_index(recommender: Recommender, index: Bundle) -> None:
    with log_labels():
        call_recommend(recommender)
        assert current_labels() == {"index": index.version}
