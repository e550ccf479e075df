"""The composition root: builds each part once, and uses replaced parts."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from closetspace.adapters.encoder.files import models_directory
from closetspace.adapters.memory import (
    MemoryAccounts,
    MemoryDatabase,
    MemoryExports,
    MemoryObjects,
    MemoryPersonalDocuments,
    MemoryPhotos,
    MemoryUsers,
)
from closetspace.bootstrap import Services, encoder_id, encoder_priors, once
from closetspace.settings import Settings
from tests.support.fakes import HashEncoder, decode_anything, shrink_anything
from tests.support.indexes import open_bundle
from tests.support.waiting import HANG_SECONDS

THREADS = 8


class CountingServices(Services):
    """Services that count how often they build ``people``, slowly enough for all threads to wait for it."""

    builds = 0

    @once
    def people(self) -> MemoryDatabase:
        self.builds += 1
        threading.Event().wait(0.05)
        return MemoryDatabase()


def test_part_is_built_once_under_several_threads(tmp_path: Path) -> None:
    services = CountingServices(Settings(index_store=str(tmp_path)), usage=MemoryDatabase())
    together = threading.Barrier(THREADS, timeout=HANG_SECONDS)

    def use() -> tuple[int, int, int]:
        together.wait()
        return id(services.recommender), id(services.feedback_keeper), id(services.people)

    with ThreadPoolExecutor(THREADS) as pool:
        parts = {running.result(HANG_SECONDS) for running in [pool.submit(use) for _ in range(THREADS)]}
    assert len(parts) == 1
    assert services.builds == 1


def test_replaced_part_is_not_built(tmp_path: Path) -> None:
    people = MemoryDatabase()
    services = CountingServices(Settings(index_store=str(tmp_path)), people=people, usage=people)
    assert services.people is people
    assert services.recommender.people is people
    assert services.feedback_keeper.people is people
    assert services.builds == 0


def test_use_cases_run_on_replaced_parts() -> None:
    database, photos, exports = MemoryDatabase(), MemoryObjects(), MemoryExports()
    services = Services(
        Settings(),
        wardrobe=database,
        usage=database,
        bookmarks=database,
        accounts=MemoryAccounts(),
        users=MemoryUsers(),
        exports=exports,
        personal_documents=MemoryPersonalDocuments(database, exports),
        closets=database,
        people=database,
        photos=photos,
        index_store=MemoryObjects(),
        fetcher=MemoryPhotos(),
        decode=decode_anything,
        make_thumbnails=shrink_anything,
        encoder=HashEncoder(),
        open_bundle=open_bundle,
    )
    path = "users/ann/wardrobe/shirt/photo.jpg"
    database.documents["shirt"] = {"uid": "ann", "name": "Shirt", "photo_path": path}
    photos.write(path, b"a photo")
    services.reconciler.reconcile("shirt")
    services.taste_keeper.refresh("ann")
    assert database.closet("ann").coverage == {"hash-1": 1}
    assert database.tastes["ann"].count == 1


def test_feedback_and_recommendations_share_an_index(tmp_path: Path) -> None:
    services = Services(Settings(index_store=str(tmp_path)), people=MemoryDatabase(), usage=MemoryDatabase())
    assert services.feedback_keeper.index == services.recommender.index, "a second index would double the memory"


def test_closets_of_an_earlier_version_of_an_encoder_have_priors() -> None:
    """Until a migration has embedded them anew, their lists must not change."""
    priors = encoder_priors(Settings())
    earlier = [folder.name for folder in models_directory().glob("*/earlier/*")]
    assert earlier
    for name in (*earlier, encoder_id(Settings())):
        assert priors[name].reference is not None, name
