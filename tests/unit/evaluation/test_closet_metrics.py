"""What is measured of lists for real closets: by hand, and against a scorer that knows no model."""

import string
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from catalog_jobs.evaluation.datasets.closet_labels import (
    COLOUR_GROUP,
    COLOUR_GROUPS,
    KINDS,
    USAGES,
    LabelledPhoto,
    read_closet_labels,
)
from catalog_jobs.evaluation.datasets.tables import product_rows

from catalog_jobs.evaluation.datasets.closets import PhotographedCloset
from catalog_jobs.evaluation.metrics.closets import (
    KIND_OF_SUB_CATEGORY,
    METRICS,
    ProductTraits,
    concentration,
    fits,
    measure,
    profile_of,
    traits_of,
)
from catalog_jobs.evaluation.metrics.encoders import cluster_mean_estimate
from catalog_jobs.evaluation.metrics.personas import PAGE, Labels
from closetspace.errors import InvalidInput
from tests.support.paths import SHARED_DATA
from tests.support.scorers import load_scorer

TEE = {"gender": "Women", "usage": "Casual", "colour": "Red", "sub_category": "Topwear", "article": "Tshirts"}
TEE |= {"brand": "acme", "name": "acme tee", "master": "Apparel"}
COLUMNS = {"gender": "gender", "usage": "usage", "colour": "baseColour", "sub_category": "subCategory"}
COLUMNS |= {"article": "articleType", "name": "productDisplayName", "master": "masterCategory"}


def thing(*, colours: Sequence[str] = ("red",), **labels: str) -> LabelledPhoto:
    """A woman's red casual shirt, but for what is given."""
    known = {"sender": "1", "photo_class": "shirt", "kind": "topwear", "gender": "W", "usage": "Casual", "words": ""}
    return LabelledPhoto(**known | labels, colours=tuple(COLOUR_GROUP[colour] for colour in colours))


def products(*rows: dict[str, str]) -> ProductTraits:
    """Women's red tees, but for what is given."""
    whole = [TEE | row for row in rows]
    columns = {column: np.array([one[column] for one in whole], object) for column in TEE}
    masters = columns.pop("master").tolist()
    return traits_of(Labels(**columns), masters)


def measured(closet: list[LabelledPhoto], *rows: dict[str, str]) -> dict[str, float]:
    return measure(profile_of(closet), products(*rows))


@pytest.mark.parametrize(
    ("genders", "expected"),
    [
        ("WWWWM", {"Women", "Unisex"}),
        ("WWWM", {"Women", "Men", "Unisex"}),
        ("MMMMUUUK", {"Men", "Unisex"}),
        ("UUK", {"Women", "Men", "Unisex"}),
    ],
)
def test_closet_is_one_sex_only_if_four_in_five_of_its_sexed_things_are(genders: str, expected: set[str]) -> None:
    assert profile_of([thing(gender=gender) for gender in genders]).genders == expected


def test_colours_and_usages_need_a_tenth_of_the_closet() -> None:
    closet = [thing() for _ in range(20)] + [thing(colours=("pink",), usage="Party")]
    assert profile_of(closet).palette == {COLOUR_GROUP["red"]}
    assert profile_of(closet).usages == {"Casual"}
    assert profile_of(closet[12:]).palette == {COLOUR_GROUP["red"], COLOUR_GROUP["pink"]}
    assert profile_of(closet[12:]).usages == {"Casual", "Party"}


def test_second_colours_belong_to_the_palette_and_similar_colours_count_as_one() -> None:
    closet = profile_of([thing(colours=("navy", "cream"))])
    listed = products(*({"colour": colour} for colour in ("Navy Blue", "White", "Off White", "Blue", "Unheard Of")))
    assert fits(closet, listed)["palette"].tolist() == [True, True, True, False, False]


def test_things_for_children_fit_no_gender_whatever_their_label() -> None:
    rows = [{"gender": "Girls"}, {"name": "acme kids tee"}, {"gender": "Unisex"}, {"gender": "Men"}, {}]
    listed = products(*rows)
    assert listed.child.tolist() == [True, True, False, False, False]
    assert fits(profile_of([thing()]), listed)["gender"].tolist() == [False, False, True, False, True]


def test_what_one_does_not_wear_is_known_by_article_and_master_category() -> None:
    rows = [{"article": "Perfume and Body Mist"}, {"article": "Shoe Laces"}, {"master": "Personal Care"}, {}]
    assert products(*rows).worn.tolist() == [False, False, False, True]


def test_products_of_kinds_that_the_closet_lacks_do_not_fit() -> None:
    closet = profile_of([thing(), thing(photo_class="shoes", kind="shoes")])
    listed = products(*({"sub_category": name} for name in ("Innerwear", "Sandal", "Bottomwear", "Watches")))
    assert fits(closet, listed)["kinds"].tolist() == [True, True, False, False]


def test_headline_is_the_share_of_the_page_that_fits_in_every_trait() -> None:
    wrong = [{"gender": "Men"}, {"colour": "Blue"}, {"usage": "Formal"}, {"sub_category": "Bags"}, {"article": "Gifts"}]
    found = measured([thing()], *wrong, *[{}] * 15, *[{"gender": "Men"}] * 30)
    assert found["fit20"] == 0.75
    assert (found["gender"], found["palette"], found["usage"]) == (0.95, 0.95, 0.95)
    assert (found["kinds"], found["worn"], found["adult"]) == (0.95, 0.95, 1.0)
    assert tuple(found) == METRICS


def test_places_that_a_short_list_lacks_do_not_fit() -> None:
    found = measured([thing()], {}, {})
    assert (found["fit20"], found["adult"], found["variety"]) == (2 / PAGE, 2 / PAGE, 0)


def test_kl_is_zero_for_the_closets_mix_and_grows_with_what_is_missing() -> None:
    closet = [thing(), thing(photo_class="shoes", kind="shoes")]
    half = [*[{}] * 10, *[{"sub_category": "Shoes"}] * 10]
    assert measured(closet, *half)["kl"] == pytest.approx(0)
    expected = 0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(100)
    assert measured(closet, *[{}] * 20)["kl"] == pytest.approx(expected)


def test_hub_and_distinct_tell_how_alike_the_lists_are() -> None:
    pages = [np.arange(PAGE), np.array([0, *range(30, 29 + PAGE)]), np.arange(60, 60 + PAGE + 9)]
    assert concentration(pages) == {"hub": 2 / 3, "distinct": (3 * PAGE - 1) / (3 * PAGE)}
    assert concentration([np.array([], np.int64)]) == {"hub": 0.0, "distinct": 0.0}


def test_intervals_resample_senders_not_closets() -> None:
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
    assert found.words == "hat - navy - cream - sports"


@pytest.mark.parametrize(
    ("photos", "labels", "photo", "sentence"),
    [
        ("a,7,hat,False,train\n", "a,navy,,solid,M,sports\n", "validation/hat/a.jpg", "have none of a garment for val"),
        ("a,7,hat,False,train\n", "b,navy,,solid,M,sports\n", "train/hat/a.jpg", "have none of a garment"),
        ("a,7,other,False,train\n", "a,navy,,solid,M,sports\n", "train/other/a.jpg", "have none of a garment"),
        ("a,7,hat,False,train\n", "a,none,,solid,M,sports\n", "train/hat/a.jpg", "have none of a garment"),
        ("a,7,hat,False,train\n", "a,mauvish,,solid,M,sports\n", "train/hat/a.jpg", "unknown labels for a: mauvish"),
        ("a,7,hat,False,train\n", "a,navy,,solid,X,gala\n", "train/hat/a.jpg", "unknown labels for a: X, gala"),
    ],
)
def test_photos_without_usable_labels_are_refused(
    tmp_path: Path, photos: str, labels: str, photo: str, sentence: str
) -> None:
    folder = labels_folder(tmp_path, photos, labels)
    with pytest.raises(InvalidInput, match=sentence):
        read_closet_labels(folder, [closet(photo)])


def test_folder_without_label_tables_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"labels\.csv cannot be read"):
        read_closet_labels(tmp_path, [closet("train/hat/a.jpg")])
    labels_folder(tmp_path, "", "")
    (tmp_path / "photos.csv").write_text("id,class\n")
    with pytest.raises(InvalidInput, match="lacks the columns sender, split"):
        read_closet_labels(tmp_path, [closet("train/hat/a.jpg")])


# The scorer.


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer("closet_bench")


def test_words_and_groups_are_the_scorers(scorer: ModuleType) -> None:
    assert [set(names) for names in COLOUR_GROUPS] == scorer.GROUPS
    assert {kind: set(classes) for kind, classes in KINDS.items()} == scorer.KINDS
    assert KIND_OF_SUB_CATEGORY == scorer.SOLD
    assert USAGES == scorer.USAGE


def test_every_metric_and_the_interval_equal_the_scorers(scorer: ModuleType, tmp_path: Path) -> None:
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
    traits = traits_of(Labels(**{name: np.array(values, object) for name, values in columns.items()}), masters)
    each = [measure(profile_of(known[c["id"]]), traits.only(ids)) for c, ids in zip(cases, lists, strict=True)]
    found = {metric: float(np.mean([one[metric] for one in each])) for metric in METRICS} | concentration(lists)
    assert found == pytest.approx({metric: expected[metric] for metric in found}, abs=1e-12)
    interval = cluster_mean_estimate(
        np.array([one["fit20"] for one in each]), [known[case["id"]][0].sender for case in cases]
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
            gender, usage = random.choice(list("WWWMUK")), random.choice(sorted(USAGES))
            photos.append(f"{photo},{number % 11},{kind},False,validation")
            labels.append(f"{photo},{colour},{second if place % 3 else ''},solid,{gender},{usage}")
            taken.append(f"validation/{kind}/{photo}.jpg")
        cases.append({"id": f"{number % 11}.{number // 11}", "photos": taken})
    return cases, labels_folder(folder, "\n".join(photos), "\n".join(labels))


def test_products_and_labels_that_come_with_the_scorer_can_be_read(scorer: ModuleType) -> None:
    data = SHARED_DATA / "data"
    if not data.is_dir():
        pytest.skip("the data is not here: it is no part of this repository")
    cases = scorer.closets(data / "closet-photos", "validation", 5)
    known = read_closet_labels(
        data / "closet-photos", [PhotographedCloset(case["id"], tuple(case["photos"])) for case in cases]
    )
    assert {closet_id.split(".")[0] for closet_id in known} == {things[0].sender for things in known.values()}
    assert set(COLUMNS.values()) <= product_rows(data / "products")[0].keys()
