"""Building, publishing, following and refusing indexes."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.attributes import head_slices, pack_attributes, row_length
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key
from closetspace.domain.index.publication import Current
from closetspace.errors import Conflict, FailedPrecondition, Incompatible, NotFound, Transient
from closetspace.ports import ObjectStat
from closetspace.services.build_index import bundle_contents
from closetspace.services.index_versions import IndexVersions
from closetspace.services.live_index import LiveIndex
from tests.support.fakes import HashEncoder
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DIM = 16
OURS = {"hash-1": 1}
ENCODER = replace(HashEncoder(DIM).descriptor, blocks={"article": 10, "colour": 6})


def contents(count: int = 300, catalog: str = "one") -> BundleContents:
    random = np.random.default_rng(5)
    items = [
        IndexedItem(
            id=f"{catalog}-{i}",
            name=f"Item {i}",
            brand=["Stussy", "Arket"][i % 2],
            category=["Topwear", "Shoes", "Bottomwear"][i % 3],
            gender=["Men", "Women", "Unisex", ""][i % 4],
            price=float(i) if i % 5 else None,
            src=f"https://shop.example/{i}.jpg",
        )
        for i in range(count)
    ]
    vectors = unit(random.standard_normal((count, DIM)).astype(np.float32))
    told = [{"colour": {"Red": i % 11 / 10, "Blue": 1 - i % 11 / 10}, "gender": {"Men": 0.5}} for i in range(count)]
    attributes = np.array([pack_attributes(known, ENCODER.heads) for known in told], np.uint8)
    encodings = EncodingBatch(
        vectors, quantize_photo_vectors(vectors[::-1]), attributes, tuple(item.category for item in items)
    )
    return BundleContents(items, encodings, ENCODER, catalog)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    write_bundle(tmp_path, contents(), NOW)
    return Bundle(tmp_path, exact_scan_items=10_000)


def upload(
    versions: IndexVersions,
    folder: Path,
    catalog: str,
    now: datetime = NOW,
    encoder: str = "hash-1",
    source: str | None = None,
) -> Manifest:
    folder.mkdir()
    built_of = replace(contents(catalog=catalog), encoder=replace(ENCODER, id=encoder), catalog=source or catalog)
    manifest = write_bundle(folder, built_of, now)
    versions.upload(folder, manifest)
    return manifest


def open_bundle(folder: Path) -> Index:
    return Bundle(folder, exact_scan_items=10_000)


def query(seed: int = 1) -> FloatArray:
    return unit(np.random.default_rng(seed).standard_normal(2 * DIM).astype(np.float32))


def test_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        write_bundle(folder, contents(), NOW)
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name


def test_candidates_of_a_small_category_are_all_of_it_with_all_that_a_ranking_sees(bundle: Bundle) -> None:
    found = bundle.candidates("Shoes", query(), 5, None)
    items = {item.id: place for place, item in enumerate(contents().items)}
    assert {item.id for item in bundle.items(found.rows)} == {i.id for i in contents().items if i.category == "Shoes"}
    assert (np.diff(found.rows) > 0).all()
    places = [items[item.id] for item in bundle.items(found.rows)]
    np.testing.assert_array_equal(found.vectors, contents().encodings.vectors[places])
    mean = bundle.category_means["Shoes"]
    np.testing.assert_allclose(found.spread, np.linalg.norm(found.vectors - mean, axis=1), rtol=1e-5)
    assert bundle.keys(found.rows).tolist() == [item_key(item.id) for item in bundle.items(found.rows)]
    assert len(set(bundle.brands(found.rows).tolist())) == 2
    assert found.attributes.shape == (100, row_length(ENCODER.heads))


def test_annoy_and_the_exact_scan_agree(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    exact, approximate = Bundle(tmp_path, exact_scan_items=10_000), Bundle(tmp_path, exact_scan_items=0)
    for seed in range(5):
        for mask in (None, exact.matching(Filters(gender="Women", price_max=200))):
            near, style = np.split(query(seed), 2)
            every = exact.candidates("Topwear", query(seed), 10, mask)
            residual = unit(every.vectors - exact.category_means["Topwear"])
            wanted = every.rows[np.argsort(-(every.vectors @ near + residual @ style))[:10]]
            got = approximate.candidates("Topwear", query(seed), 10, mask)
            assert len(got.rows) == 10
            assert len(set(wanted) & set(got.rows)) >= 9


def test_items_are_found_by_id_key_and_product(bundle: Bundle) -> None:
    rows = bundle.rows_of(["one-7", "no such item", "one-0"])
    assert rows[1] == -1
    assert [item.id for item in bundle.items(rows[[0, 2]])] == ["one-7", "one-0"]
    shortened = bundle.keys(rows[[0]]) & np.uint64(0xFFFFFFFF)
    assert bundle.rows_of_keys(np.concatenate([shortened, [np.uint64(1)]])).tolist() == [rows[0]]
    assert bundle.rows_of_products(bundle.products(rows[[2]])).tolist() == [rows[2]]
    assert bundle.rows_of_products(np.zeros(0, np.uint64)).tolist() == []
    assert [item.category for item in bundle.items(rows[[0, 2]])] == ["Shoes", "Topwear"]


def test_variants_of_a_product_share_its_number(tmp_path: Path) -> None:
    plain = contents(6)
    names = ["Air Max", "AIR  MAX", "Air Max 2", "", "", "Other"]
    groups = ["", "", "", "", "", ""]
    items = [
        replace(item, name=name, brand="Nike", group=group)
        for item, name, group in zip(plain.items, names, groups, strict=True)
    ]
    items[5] = replace(items[5], group="g")
    items[2] = replace(items[2], group="g")
    write_bundle(tmp_path, replace(plain, items=items), NOW)
    bundle = Bundle(tmp_path, exact_scan_items=1000)
    of = dict(zip(range(6), bundle.products(bundle.rows_of([item.id for item in items])).tolist(), strict=True))
    assert of[0] == of[1]
    assert of[2] == of[5]
    assert len(set(of.values())) == 4, "what has no name and no group is a product of its own"


def test_photo_vectors_are_kept_to_a_hundredth(bundle: Bundle) -> None:
    rows = bundle.rows_of([item.id for item in contents().items])
    np.testing.assert_allclose(bundle.photo_vectors(rows), contents().encodings.vectors[::-1], atol=0.005)


def test_filters_are_exact(bundle: Bundle) -> None:
    mask = bundle.matching(Filters(gender="women", brands=frozenset({"stussy"}), price_max=100))
    assert mask is not None
    passing = bundle.items(np.flatnonzero(mask))
    wanted = [
        i
        for i in contents().items
        if i.gender in ("Women", "Unisex") and i.brand == "Stussy" and (i.price or 1e9) <= 100
    ]
    assert sorted(i.id for i in passing) == sorted(i.id for i in wanted)
    assert bundle.matching(Filters()) is None


def test_every_filter_narrows(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    items = [replace(item, in_stock=place % 7 > 0) for place, item in enumerate(contents().items)]
    write_bundle(tmp_path / "other", replace(contents(), items=items), NOW)
    stocked = Bundle(tmp_path / "other", exact_scan_items=10_000)
    cases: list[tuple[Filters, Callable[[IndexedItem], bool]]] = [
        (Filters(price_min=10, price_max=20), lambda i: i.price is not None and 10 <= i.price <= 20),
        (Filters(brands_out=frozenset({"ARKET"})), lambda i: i.brand != "Arket"),
        (Filters(brands=frozenset({"Arket"}), brands_out=frozenset({"arket"})), lambda _: False),
        (Filters(in_stock=True), lambda i: i.in_stock),
    ]
    for filters, passes in cases:
        mask = stocked.matching(filters)
        assert mask is not None
        passing = {item.id for item in stocked.items(np.flatnonzero(mask))}
        assert passing == {item.id for item in items if passes(item)}


def test_filter_that_few_pass_gives_exactly_those(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    for exact_scan_items in (0, 10_000):
        bundle = Bundle(tmp_path, exact_scan_items=exact_scan_items)
        mask = bundle.matching(Filters(price_max=4))
        rows = np.concatenate([bundle.candidates(c, query(), 10, mask).rows for c in bundle.category_means])
        assert sorted(item.price or 0 for item in bundle.items(rows)) == [1, 2, 3, 4]


def test_items_carry_what_the_encoders_heads_said_of_them(bundle: Bundle) -> None:
    rows = bundle.rows_of([f"one-{i}" for i in (7, 0, 10)])
    red, men = (head_slices(ENCODER.heads)[head].start for head in ("colour", "gender"))
    assert bundle.attributes(rows)[:, red].tolist() == [round(255 * share) for share in (0.7, 0, 1)]
    assert bundle.attributes(rows)[:, men].tolist() == [128, 128, 128]
    assert bundle.heads == ENCODER.heads
    assert bundle.blocks == ENCODER.blocks


def damage_truncate(folder: Path) -> None:
    file = folder / "category-000.ann"
    file.write_bytes(file.read_bytes()[: -4 * (2 * DIM + 3)])


def damage_foreign(folder: Path) -> None:
    (folder / "category-000.ann").write_bytes((folder / "category-001.ann").read_bytes())


def damage_missing(folder: Path) -> None:
    (folder / "columns.npz").unlink()


def damage_items(folder: Path) -> None:
    (folder / "items.sqlite").write_bytes(b"SQLite format 3\0" + b"\0" * 100)


def damage_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")


def damage_format(folder: Path) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(fields | {"format": 99}))


def damage_count(folder: Path) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(fields | {"count": 299}))


def damage_path(folder: Path) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes())
    fields["files"] = {f"../{name}": digest for name, digest in fields["files"].items()}
    (folder / "manifest.json").write_text(json.dumps(fields))


def damage_unvouched(folder: Path) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes())
    del fields["files"]["vectors.npy"]
    (folder / "manifest.json").write_text(json.dumps(fields))


DAMAGES = [
    damage_truncate,
    damage_foreign,
    damage_missing,
    damage_items,
    damage_manifest,
    damage_format,
    damage_count,
    damage_path,
    damage_unvouched,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_bundle_is_refused(tmp_path: Path, damage: object) -> None:
    write_bundle(tmp_path, contents(), NOW)
    assert callable(damage)
    damage(tmp_path)
    with pytest.raises(Incompatible):
        Bundle(tmp_path, exact_scan_items=10_000)


def test_foreign_tree_that_the_manifest_vouches_for_fails_its_canary(tmp_path: Path) -> None:
    """A file swapped before the manifest was written has the right checksum and still answers nonsense."""
    from closetspace.adapters.index.files import file_hash

    write_bundle(tmp_path, contents(), NOW)
    damage_foreign(tmp_path)
    fields = json.loads((tmp_path / "manifest.json").read_bytes())
    fields["files"]["category-000.ann"] = file_hash(tmp_path / "category-000.ann")
    (tmp_path / "manifest.json").write_text(json.dumps(fields))
    with pytest.raises(Incompatible, match="canaries"):
        Bundle(tmp_path, exact_scan_items=10_000)


@pytest.fixture
def versions() -> IndexVersions:
    return IndexVersions(MemoryObjects())


def test_publishing_points_at_a_version_and_rolling_back_at_the_one_before(
    versions: IndexVersions, tmp_path: Path
) -> None:
    one = upload(versions, tmp_path / "1", "one")
    two = upload(versions, tmp_path / "2", "two", NOW + timedelta(hours=1))
    assert versions.current() is None
    assert versions.publish(one.version, NOW).history == ()
    assert versions.publish(two.version, NOW).history == (one.version,)
    assert [m.version for m in versions.versions()] == [two.version, one.version]
    assert versions.rollback(NOW).version == one.version
    current = versions.current()
    assert current is not None
    assert (current.version, current.history) == (one.version, (two.version,))


def test_publishing_twice_changes_nothing(versions: IndexVersions, tmp_path: Path) -> None:
    one = upload(versions, tmp_path / "1", "one")
    assert versions.publish(one.version, NOW) == versions.publish(one.version, NOW + timedelta(hours=1))


def test_publishing_what_is_not_there_is_refused(versions: IndexVersions) -> None:
    with pytest.raises(NotFound):
        versions.publish("20260101T000000000Z-00000000", NOW)
    with pytest.raises(FailedPrecondition):
        versions.rollback(NOW)


def test_publisher_that_lost_a_race_is_told(tmp_path: Path) -> None:
    store = MemoryObjects()
    versions = IndexVersions(store)
    one, two = (upload(versions, tmp_path / name, name) for name in ("one", "two"))

    class Overtaken(MemoryObjects):
        """The other publisher writes between this one's read and write."""

        def __init__(self) -> None:
            self.__dict__ = store.__dict__

        def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
            versions.publish(one.version, NOW)
            return MemoryObjects.write(self, name, data, if_generation=if_generation)

    with pytest.raises(Conflict):
        IndexVersions(Overtaken()).publish(two.version, NOW)
    current = versions.current()
    assert current is not None
    assert current.version == one.version


@pytest.fixture
def live(versions: IndexVersions, tmp_path: Path) -> LiveIndex:
    versions.publish(upload(versions, tmp_path / "one", "one").version, NOW)
    return LiveIndex(versions, open_bundle, check_seconds=0.0)


def wait_until_version(live: LiveIndex, version: str, coverage: Mapping[str, int] = OURS) -> None:
    eventually(lambda: live.get(coverage).version == version, f"version {version}")


def test_reload_under_load_fails_no_request(live: LiveIndex, versions: IndexVersions, tmp_path: Path) -> None:
    failures: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                index = live.get(OURS)
                rows = index.candidates("Shoes", query(), 5, None).rows
                prefix = {item.id.partition("-")[0] for item in index.items(rows)}
                assert len(prefix) == 1, "an answer mixes two versions"
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in ("two", "three", "four"):
        manifest = upload(versions, tmp_path / name, name, NOW + timedelta(hours=len(name)))
        versions.publish(manifest.version, NOW)
        wait_until_version(live, manifest.version)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures


def test_damaged_new_version_is_refused_and_the_old_one_stays(
    live: LiveIndex, versions: IndexVersions, tmp_path: Path
) -> None:
    old = live.get(OURS).version
    folder = tmp_path / "two"
    folder.mkdir()
    manifest = write_bundle(folder, contents(catalog="two"), NOW)
    damage_truncate(folder)
    versions.upload(folder, manifest)
    versions.publish(manifest.version, NOW)
    opened = threading.Event()
    for _ in range(50):
        assert live.get(OURS).version == old
        opened.wait(0.01)
    mended = upload(versions, tmp_path / "three", "three")
    versions.publish(mended.version, NOW)
    wait_until_version(live, mended.version)


def test_process_that_starts_on_a_damaged_version_serves_the_one_before(
    versions: IndexVersions, tmp_path: Path
) -> None:
    good = upload(versions, tmp_path / "one", "one")
    versions.publish(good.version, NOW)
    folder = tmp_path / "two"
    folder.mkdir()
    damaged = write_bundle(folder, contents(catalog="two"), NOW)
    damage_truncate(folder)
    versions.upload(folder, damaged)
    versions.publish(damaged.version, NOW)
    started = LiveIndex(versions, open_bundle, check_seconds=0.0)
    assert started.get(OURS).version == good.version
    mended = upload(versions, tmp_path / "three", "three")
    versions.publish(mended.version, NOW)
    wait_until_version(started, mended.version)


def test_published_version_that_lost_a_file_is_no_fault_of_who_asks(versions: IndexVersions, tmp_path: Path) -> None:
    manifest = upload(versions, tmp_path / "one", "one")
    versions.publish(manifest.version, NOW)
    versions.store.delete(f"index/{manifest.version}/vectors.npy")
    with pytest.raises(Incompatible):
        LiveIndex(versions, open_bundle, check_seconds=0).get(OURS)


def test_no_index_yet_says_so(versions: IndexVersions) -> None:
    with pytest.raises(Transient, match="closetspace index publish"):
        LiveIndex(versions, open_bundle, check_seconds=0).get(OURS)


MOVED = {"hash-1": 2, "hash.2": 2}
"""A closet whose items have vectors of both encoders."""


@pytest.fixture
def both(versions: IndexVersions, tmp_path: Path) -> tuple[Manifest, Manifest]:
    """An index in use, and another encoder's beside it."""
    one = upload(versions, tmp_path / "one", "one")
    two = upload(versions, tmp_path / "two", "two", NOW + timedelta(hours=1), "hash.2")
    versions.publish(one.version, NOW)
    versions.publish_candidate(two.version, NOW)
    return one, two


def test_closet_is_answered_from_the_index_that_covers_it_best(
    versions: IndexVersions, both: tuple[Manifest, Manifest]
) -> None:
    one, two = both
    live = LiveIndex(versions, open_bundle, check_seconds=1000)
    assert live.get({"hash-1": 3, "hash.2": 1}).version == one.version
    assert live.get({"hash-1": 1, "hash.2": 2}).version == two.version
    assert live.get(MOVED).version == one.version
    versions.switch(NOW)
    assert LiveIndex(versions, open_bundle, check_seconds=1000).get(MOVED).version == two.version


def test_process_that_was_idle_during_the_change_looks_before_it_answers(
    versions: IndexVersions, tmp_path: Path
) -> None:
    versions.publish(upload(versions, tmp_path / "one", "one").version, NOW)
    times = iter(range(0, 1000, 10))
    idle = LiveIndex(versions, open_bundle, check_seconds=1000, clock=lambda: next(times))
    idle.get(OURS)
    two = upload(versions, tmp_path / "two", "two", NOW + timedelta(hours=1), "hash.2")
    versions.publish_candidate(two.version, NOW)
    versions.switch(NOW)
    versions.retire_candidate(NOW)
    assert idle.get({"hash.2": 2}).version == two.version
    assert idle.get(OURS).version == two.version, "there is no other index any more"


def test_damaged_index_beside_leaves_the_one_in_use_alone(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path
) -> None:
    one, two = both
    versions.store.delete(f"index/{two.version}/vectors.npy")
    live = LiveIndex(versions, open_bundle, check_seconds=0)
    assert live.get(MOVED).version == one.version
    newer = upload(versions, tmp_path / "three", "three", NOW + timedelta(hours=2))
    versions.publish(newer.version, NOW)
    wait_until_version(live, newer.version)
    mended = upload(versions, tmp_path / "four", "four", NOW + timedelta(hours=3), "hash.2")
    versions.publish_candidate(mended.version, NOW)
    wait_until_version(live, mended.version, coverage={"hash.2": 1})


@pytest.mark.parametrize("damaged", ["in use", "beside"])
def test_damaged_new_version_leaves_that_encoders_old_one(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path, damaged: str
) -> None:
    one, two = both
    live = LiveIndex(versions, open_bundle, check_seconds=0)
    assert {live.get(c).version for c in (OURS, {"hash.2": 1})} == {one.version, two.version}
    encoder = "hash-1" if damaged == "in use" else "hash.2"
    bad = upload(versions, tmp_path / "three", "three", NOW + timedelta(hours=2), encoder)
    versions.store.delete(f"index/{bad.version}/vectors.npy")
    versions.publish(bad.version, NOW)
    done = threading.Event()
    for _ in range(50):
        assert live.get(OURS).version == one.version
        assert live.get({"hash.2": 1}).version == two.version
        done.wait(0.01)
    assert live.get(MOVED).version == one.version


def test_publishing_takes_the_place_of_the_same_encoders_version(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path
) -> None:
    newer = [
        upload(versions, tmp_path / f"new {encoder}", "new", NOW + timedelta(hours=2), encoder)
        for encoder in ("hash-1", "hash.2")
    ]
    for manifest in newer:
        versions.publish(manifest.version, NOW)
    current = versions.current()
    assert current is not None
    assert [live.version for live in current.live] == [manifest.version for manifest in newer]
    assert current.history == (both[0].version,)


def test_index_of_an_encoder_that_no_closet_has_is_not_published(
    versions: IndexVersions, both: tuple[Manifest, Manifest]
) -> None:
    versions.switch(NOW)
    versions.retire_candidate(NOW)
    with pytest.raises(FailedPrecondition, match="encoder migrate --to hash-1"):
        versions.publish(both[0].version, NOW)
    with pytest.raises(FailedPrecondition, match="encoder migrate --to hash-1"):
        versions.rollback(NOW)
    current = versions.current()
    assert current is not None
    assert (current.version, current.candidate) == (both[1].version, None)


def test_publication_reads_as_it_was_written(versions: IndexVersions, both: tuple[Manifest, Manifest]) -> None:
    current = versions.current()
    assert current is not None
    assert Current.from_json(current.to_json(), current.generation) == current
    with pytest.raises(Incompatible):
        Current.from_json(b"[]", 1)


def test_gender_that_a_shop_tells_counts_before_what_the_head_sees() -> None:
    told = [({"Women": 0.9}, "Men"), ({"Women": 0.9}, ""), ({"Women": 0.4}, ""), ({"Women": 0.9}, "Grandparents")]
    items = [IndexedItem(str(number), "Shirt", gender=gender) for number, (_, gender) in enumerate(told)]
    vector = query()[:DIM]
    encodings = [Encoding(vector, "Topwear", {"gender": shares}) for shares, _ in told]
    made = bundle_contents(items, EncodingBatch.from_encodings(encodings, ENCODER), ENCODER, "one")
    assert [item.gender for item in made.items] == ["Men", "Women", "", "Grandparents"]
    genders = made.encodings.attributes[:, head_slices(ENCODER.heads)["gender"]].tolist()
    of = {label: place for place, label in enumerate(ENCODER.heads["gender"])}
    assert [(row[of["Men"]], row[of["Women"]]) for row in genders] == [(255, 0), (0, 230), (0, 102), (0, 230)]
