"""`make torture` in small: its histories hold on the stack, and its checks find there what is planted."""

import random

from google.cloud import firestore

from closetspace.bootstrap import open_store
from closetspace.domain.wardrobe.photo import photo_folder
from tests.support.journey import Journey, photo
from tests.torture.history import History
from tests.torture.kept import Expected, check_kept, read_kept
from tests.torture.restoring import restore
from tests.torture.trial import Context
from tests.torture.wardrobes import contents


def test_random_histories_hold(journey: Journey) -> None:
    known = {(content.data, content.name): content for content in contents([1, 2], ["", "Shirt"])}
    people, leaving = ([journey.person(), journey.person()] for _ in range(2))
    lived = [History(journey, people, random.Random(seed), known) for seed in range(3)]
    lived.append(History(journey, leaving, random.Random(3), known, leaves=True))
    for history in lived:
        history.live()
    journey.settle()
    expected = {item_id: item for history in lived for item_id, item in history.expected()}
    kept = read_kept(journey.stack.bucket, {person.uid for person in (*people, *leaving)})
    assert check_kept(expected, kept, [leaving[0].uid]).holds


def test_planted_loss_and_leak_are_found(journey: Journey) -> None:
    person = journey.person()
    item_id = journey.add(person, 1)
    journey.settle()
    expected = {item_id: Expected(person.uid, "ready", journey.path(person, item_id))}
    assert check_kept(expected, read_kept(journey.stack.bucket, {person.uid})).holds
    store = open_store(f"gs://{journey.stack.bucket}")
    store.write(f"{photo_folder(person.uid, 'forgotten')}photo.jpg", photo(1))
    firestore.Client().document("taste", person.uid).delete()
    verdict = check_kept(expected, read_kept(journey.stack.bucket, {person.uid}))
    assert set(verdict.lost) == {person.uid}
    assert set(verdict.leaked) == {"forgotten"}


def test_restored_database_is_repaired(journey: Journey) -> None:
    rows = list(restore(Context(journey, 1, 0, lambda _: None), count=4, photos=2))
    assert [row.what for row in rows if not row.verdict.holds] == []
    assert len(rows) == 7
