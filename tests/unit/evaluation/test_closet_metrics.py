"""Metrics of lists for real closets: computed by hand, and compared with the independent scorer."""

import string
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from catalog_jobs.catalog.folder import read_table
from catalog_jobs.evaluation.datasets.closets import (
    COLOUR_GROUP,
    COLOUR_GROUPS,
    KINDS,
    LabelledPhoto,
    PhotographedCloset,
    read_closet_labels,
)
from catalog_jobs.evaluation.datasets.fashion_labels import USAGE_OF_PHOTO
from catalog_jobs.evaluation.metrics.closets import (
    CLOSET_METRICS,
    KIND_OF_SUB_CATEGORY,
    ProductTraits,
    closet_fits,
    closet_metrics,
    closet_profile,
    concentration,
    product_traits,
)
from catalog_jobs.evaluation.metrics.estimates import cluster_mean_estimate
from catalog_jobs.evaluation.metrics.personas import PAGE, ProductLabels
from closetspace.errors import InvalidInput
from tests.support.paths import SHARED_DATA
from tests.support.scorers import load_scorer

TEE = {"gender": "Women", "usage": "Casual", "colour": "Red", "sub_category": "Topwear", "article": "Tshirts"}
TEE |= {"brand": "acme", "name": "acme tee", "master": "Apparel"}
COLUMNS = {"gender": "gender", "usage": "usage", "colour": "baseColour", "sub_category": "subCategory"}
COLUMNS |= {"article": "articleType", "name": "productDisplayName", "master": "masterCategory"}


def item(*, colours: Sequence[str] = ("red",), **labels: str) -> LabelledPhoto:
    """Return a woman's red casual shirt, with the given differences."""
    shirt = {"sender": "1", "photo_class": "shirt", "kind": "topwear", "gender": "W", "usage": "Casual"}
    return LabelledPhoto(
        **shirt | {"description": ""} | labels, colours=tuple(COLOUR_GROUP[colour] for colour in colours)
    )


def products(*rows: dict[str, str]) -> ProductTraits:
    """Return red tees for women, with the given differences."""
    whole = [TEE | row for row in rows]
    columns = {column: np.array([one[column] for one in whole], object) for column in TEE}
    masters = columns.pop("master").tolist()
    return product_traits(ProductLabels(**columns), masters)


def metrics_of(closet: list[LabelledPhoto], *rows: dict[str, str]) -> dict[str, float]:
    return closet_metrics(closet_profile(closet), products(*rows))


@pytest.mark.parametrize(
    ("genders", "expected"),
    [
        ("WWWWM", {"Women", "Unisex"}),
        ("WWWM", {"Women", "Men", "Unisex"}),
        ("MMMMUUUK", {"Men", "Unisex"}),
        ("UUK", {"Women", "Men", "Unisex"}),
    ],
)
def test_closet_has_one_gender_if_four_in_five_of_its_gendered_items_do(genders: str, expected: set[str]) -> None:
    assert closet_profile([item(gender=gender) for gender in genders]).genders == expected


def test_colours_and_usages_of_a_tenth_of_the_items_belong_to_the_closet() -> None:
    closet = [item() for _ in range(20)] + [item(colours=("pink",), usage="Party")]
    assert closet_profile(closet).palette == {COLOUR_GROUP["red"]}
    assert closet_profile(closet).usages == {"Casual"}
    assert closet_profile(closet[12:]).palette == {COLOUR_GROUP["red"], COLOUR_GROUP["pink"]}
    assert closet_profile(closet[12:]).usages == {"Casual", "Party"}


def test_second_colours_are_in_the_palette_and_similar_colours_are_equal() -> None:
    closet = closet_profile([item(colours=("navy", "cream"))])
    listed = products(*({"colour": colour} for colour in ("Navy Blue", "White", "Off White", "Blue", "Unheard Of")))
    assert closet_fits(closet, listed)["palette"].tolist() == [True, True, True, False, False]


def test_childrens_products_fit_no_gender() -> None:
    rows = [{"gender": "Girls"}, {"name": "acme kids tee"}, {"gender": "Unisex"}, {"gender": "Men"}, {}]
    listed = products(*rows)
    assert listed.child.tolist() == [True, True, False, False, False]
    assert closet_fits(closet_profile([item()]), listed)["gender"].tolist() == [False, False, True, False, True]


def test_products_that_are_not_worn_are_recognised_by_article_and_master_category() -> None:
    rows = [{"article": "Perfume and Body Mist"}, {"article": "Shoe Laces"}, {"master": "Personal Care"}, {}]
    assert products(*rows).worn.tolist() == [False, False, False, True]


def test_products_of_kinds_outside_the_closet_do_not_fit() -> None:
    closet = closet_profile([item(), item(photo_class="shoes", kind="shoes")])
    listed = products(*({"sub_category": name} for name in ("Innerwear", "Sandal", "Bottomwear", "Watches")))
    assert closet_fits(closet, listed)["kinds"].tolist() == [True, True, False, False]


def test_headline_is_the_share_of_the_page_that_fits_in_every_trait() -> None:
    wrong = [{"gender": "Men"}, {"colour": "Blue"}, {"usage": "Formal"}, {"sub_category": "Bags"}, {"article": "Gifts"}]
    found = metrics_of([item()], *wrong, *[{}] * 15, *[{"gender": "Men"}] * 30)
    assert found["fit20"] == 0.75
    assert (found["gender"], found["palette"], found["usage"]) == (0.95, 0.95, 0.95)
    assert (found["kinds"], found["worn"], found["adult"]) == (0.95, 0.95, 1.0)
    assert tuple(found) == CLOSET_METRICS


def test_missing_places_of_a_short_list_count_as_misses() -> None:
    found = metrics_of([item()], {}, {})
    assert (found["fit20"], found["adult"], found["variety"]) == (2 / PAGE, 2 / PAGE, 0)


def test_kl_is_zero_for_the_closets_mix_and_grows_with_missing_kinds() -> None:
    closet = [item(), item(photo_class="shoes", kind="shoes")]
    half = [*[{}] * 10, *[{"sub_category": "Shoes"}] * 10]
    assert metrics_of(closet, *half)["kl"] == pytest.approx(0)
    expected = 0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(100)
    assert metrics_of(closet, *[{}] * 20)["kl"] == pytest.approx(expected)


def test_hub_and_distinct_measure_how_similar_the_lists_are() -> None:
    pages = [np.arange(PAGE), np.array([0, *range(30, 29 + PAGE)]), np.arange(60, 60 + PAGE + 9)]
    assert concentration(pages) == {"hub": 2 / 3, "distinct": (3 * PAGE - 1) / (3 * PAGE)}
    assert concentration([np.array([], np.int64)]) == {"hub": 0.0, "distinct": 0.0}


def test_intervals_resample_clusters_instead_of_values() -> None:
    values = np.array([0.0] * 8 + [1.0] * 8)
    apart = cluster_mean_estimate(values, list(string.ascii_letters[:16]))
    together = cluster_mean_estimate(values, ["a"] * 8 + ["b"] * 8)
    assert (apart.value, apart.n, together.value, together.n) == (0.5, 16, 0.5, 2)
    assert (together.low, together.high) == (0, 1)
    assert 0 < apart.low < apart.high < 1


# Reading labels.


def labels_folder(folder: Path, photos: str, labels: str) -> Path:
    (folder / "photos.csv").write_text(f"id,sender,class,kids,split\n{photos}")
    (folder / "labels.csv").write_text(f"id,colour,colour2,pattern,gender,usage\n{labels}")
    return folder


def closet(*photos: str) -> PhotographedCloset:
    return PhotographedCloset("c", photos)


def test_labels_are_found_by_split_class_and_id(tmp_path: Path) -> None:
    folder = labels_folder(tmp_path, "a,7,hat,False,validation\n", "a,navy,cream,solid,M,sports\n")
    [found] = read_closet_labels(folder, [closet("validation/hat/a.jpg")])["c"]
    assert (found.sender, found.kind, found.gender, found.usage) == ("7", "headwear", "M", "Sports")
    assert found.colours == (COLOUR_GROUP["navy"], COLOUR_GROUP["cream"])
    assert found.description == "hat - navy - cream - sports"


@pytest.mark.parametrize(
    ("photos", "labels", "photo", "sentence"),
    [
        ("a,7,hat,False,train\n", "a,navy,,solid,M,sports\n", "validation/hat/a.jpg", "have no garment label for val"),
        ("a,7,hat,False,train\n", "b,navy,,solid,M,sports\n", "train/hat/a.jpg", "have no garment label"),
        ("a,7,other,False,train\n", "a,navy,,solid,M,sports\n", "train/other/a.jpg", "have no garment label"),
        ("a,7,hat,False,train\n", "a,none,,solid,M,sports\n", "train/hat/a.jpg", "have no garment label"),
        ("a,7,hat,False,train\n", "a,mauvish,,solid,M,sports\n", "train/hat/a.jpg", "unknown labels for a: mauvish"),
        ("a,7,hat,False,train\n", "a,navy,,solid,X,gala\n", "train/hat/a.jpg", "unknown labels for a: X, gala"),
    ],
)
def test_photos_without_usable_labels_are_rejected(
    tmp_path: Path, photos: str, labels: str, photo: str, sentence: str
) -> None:
    folder = labels_folder(tmp_path, photos, labels)
    with pytest.raises(InvalidInput, match=sentence):
        read_closet_labels(folder, [closet(photo)])


def test_missing_label_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"labels\.csv cannot be read"):
        read_closet_labels(tmp_path, [closet("train/hat/a.jpg")])
    labels_folder(tmp_path, "", "")
    (tmp_path / "photos.csv").write_text("id,class\n")
    with pytest.raises(InvalidInput, match="lacks the columns sender, split"):
        read_closet_labels(tmp_path, [closet("train/hat/a.jpg")])


# Comparison with the scorer.


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer("closet_bench")


def test_label_groups_equal_the_scorers(scorer: ModuleType) -> None:
    assert [set(names) for names in COLOUR_GROUPS] == scorer.GROUPS
    assert {kind: set(classes) for kind, classes in KINDS.items()} == scorer.KINDS
    assert KIND_OF_SUB_CATEGORY == scorer.SOLD
    assert USAGE_OF_PHOTO == scorer.USAGE


def test_metrics_and_interval_equal_the_scorers(scorer: ModuleType, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    rows = _drawn_products(random)
    cases, folder = _drawn_closets(random, tmp_path)
    recommended = {case["id"]: [str(n) for n in random.permutation(len(rows))[:50]] for case in cases}
    expected = scorer.score(folder, rows, cases, recommended)

    known = read_closet_labels(folder, [PhotographedCloset(case["id"], tuple(case["photos"])) for case in cases])
    lists = [np.array(recommended[case["id"]], np.int64) for case in cases]
    columns = {column: [row[name] for row in rows] for column, name in COLUMNS.items()}
    masters = columns.pop("master")
    columns["brand"] = [name.lower().split(" ")[0] for name in columns["name"]]
    traits = product_traits(
        ProductLabels(**{name: np.array(values, object) for name, values in columns.items()}), masters
    )
    measured = [
        closet_metrics(closet_profile(known[case["id"]]), traits.take(ids))
        for case, ids in zip(cases, lists, strict=True)
    ]
    found = {metric: float(np.mean([one[metric] for one in measured])) for metric in CLOSET_METRICS}
    found |= concentration(lists)
    assert found == pytest.approx({metric: expected[metric] for metric in found}, abs=1e-12)
    interval = cluster_mean_estimate(
        np.array([one["fit20"] for one in measured]), [known[case["id"]][0].sender for case in cases]
    )
    assert [interval.low, interval.high] == pytest.approx(expected["fit20_ci95"], abs=1e-12)
    assert (interval.n, len(cases)) == (expected["senders"], expected["closets"])


def _drawn_products(random: np.random.Generator) -> list[dict[str, str]]:
    choices = {
        "gender": ["Men", "Women", "Unisex", "Boys", "Girls"],
        "masterCategory": ["Apparel", "Apparel", "Footwear", "Accessories", "Personal Care"],
        "subCategory": ["Topwear", "Shoes", "Ties", "Bottomwear", "Innerwear", "Dress", "Sandal", "Headwear"],
        "articleType": ["Tshirts", "Shirts", "Jeans", "Perfume and Body Mist", "Shoe Laces"],
        "baseColour": ["Red", "Blue", "Navy Blue", "Black", "White", "Grey Melange", "Skin", ""],
        "usage": ["Casual", "Formal", "Sports", "Party", ""],
        "productDisplayName": [
            f"Brand{n % 7} {word} {n}" for n in range(40) for word in ("Thing", "Kid's", "Babydoll")
        ],
    }
    return [
        {"id": str(n)} | {column: str(random.choice(values)) for column, values in choices.items()} for n in range(400)
    ]


def _drawn_closets(random: np.random.Generator, folder: Path) -> tuple[list[dict[str, Any]], Path]:
    classes = [name for names in KINDS.values() for name in sorted(names)]
    photos, labels, cases = [], [], []
    for number in range(40):
        taken = []
        for place in range(int(random.integers(8, 16))):
            photo, kind = f"{number}-{place}", str(random.choice(classes))
            colour, second = random.choice(sorted(COLOUR_GROUP), 2)
            gender, usage = random.choice(list("WWWMUK")), random.choice(sorted(USAGE_OF_PHOTO))
            photos.append(f"{photo},{number % 11},{kind},False,validation")
            labels.append(f"{photo},{colour},{second if place % 3 else ''},solid,{gender},{usage}")
            taken.append(f"validation/{kind}/{photo}.jpg")
        cases.append({"id": f"{number % 11}.{number // 11}", "photos": taken})
    return cases, labels_folder(folder, "\n".join(photos), "\n".join(labels))


def test_real_products_and_labels_are_readable(scorer: ModuleType) -> None:
    data = SHARED_DATA / "data"
    if not data.is_dir():
        pytest.skip("the data is not part of this repository")
    cases = scorer.closets(data / "closet-photos", "validation", 5)
    known = read_closet_labels(
        data / "closet-photos", [PhotographedCloset(case["id"], tuple(case["photos"])) for case in cases]
    )
    assert {closet_id.split(".")[0] for closet_id in known} == {items[0].sender for items in known.values()}
    assert next(read_table(data / "products", COLUMNS.values()))
