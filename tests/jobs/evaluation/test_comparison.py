"""Methods of recommending side by side on drawn products: who takes part, what is told, and the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.evaluation.datasets.personas import Persona, PersonaHalf, check_labelled, read_personas
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import (
    EmbeddedProducts,
    NameVisibility,
    ProductLists,
    embed_dataset,
    open_index,
)
from catalog_jobs.evaluation.metrics.personas import METRICS
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, as_numbers, header, lines
from catalog_jobs.evaluation.wardrobes.evaluators import PersonaEvaluator, compare_on_personas
from catalog_jobs.evaluation.wardrobes.labelled_index import EvaluationUser
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE, ablations, compared_methods
from catalog_jobs.evaluation.wardrobes.recommending import persona_case, recommend_products
from catalog_jobs.evaluation.wardrobes.report import evenly_chosen, report
from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.jobs.evaluation.test_evaluate import (
    HOSTILE,
    decode,
    invoke,
    invoke_json,
    read_page,
    rows_of,
    silent,
    usage_error,
    write_rows,
)

SETTINGS = Settings.from_env()


def persona(name: str, rows: list[dict[str, str]], **labels: Any) -> dict[str, Any]:
    """Whose wardrobe these rows are, and who wears what they are."""
    known: dict[str, Any] = {"gender": rows[0]["gender"], "usage": rows[0]["usage"]}
    known |= {"palette": sorted({row["baseColour"] for row in rows})}
    kinds = sorted({row["subCategory"] for row in rows})
    return known | {"id": name, "sub_categories": kinds, "wardrobe": [row["id"] for row in rows]} | labels


def write_people(folder: Path, people: Any) -> Path:
    file = folder / "personas.json"
    file.write_text(json.dumps(people))
    return file


# Who takes part.


def test_halves_are_every_other_persona_and_nobody_is_in_both(tmp_path: Path) -> None:
    file = write_people(tmp_path, [{"id": name, "wardrobe": ["1"]} for name in "abcde"])
    assert [one.id for one in read_personas(file, PersonaHalf.EVEN)] == ["a", "c", "e"]
    assert [one.id for one in read_personas(file, PersonaHalf.ODD)] == ["b", "d"]
    assert len(read_personas(file)) == 5


@pytest.mark.parametrize(
    ("people", "half", "sentence"),
    [
        ([], None, "holds no persona"),
        ([{"id": "ann", "wardrobe": ["1"]}], PersonaHalf.ODD, "no persona in its odd half"),
        ([{"id": "ann", "wardrobe": ["1"]}, {"id": "ann", "wardrobe": ["2"]}], None, "ann twice"),
        ([{"id": 1, "wardrobe": ["1"]}, {"id": "1", "wardrobe": ["2"]}], None, "1 twice"),
        ([{"id": "ann", "wardrobe": "123"}], None, "wardrobe is no list"),
        ([{"id": "ann", "wardrobe": {"1": 2}}], None, "wardrobe is no list"),
        ([{"id": "ann", "wardrobe": ["1"], "palette": "Red"}], None, "palette is no list"),
        ([{"id": "ann", "wardrobe": ["1"], "palette": [["Red"]]}], None, "palette is no text"),
        ([{"id": "ann", "wardrobe": ["1"], "gender": {"is": "Men"}}], None, "gender is no text"),
        ([["ann"]], None, "is not a list of"),
        (None, None, "is not a list of"),
    ],
)
def test_personas_that_are_none_are_refused(tmp_path: Path, people: Any, half: PersonaHalf | None, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_personas(write_people(tmp_path, people), half)


def test_personas_nested_beyond_reason_are_refused(tmp_path: Path) -> None:
    (tmp_path / "personas.json").write_text("[" * 100_000)
    with pytest.raises(InvalidInput, match="is not a list of"):
        read_personas(tmp_path / "personas.json")


def test_a_persona_without_labels_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    file = write_people(tmp_path, [{"id": "ann", "wardrobe": ["1"], "gender": "Men", "usage": "", "palette": ["Red"]}])
    with pytest.raises(InvalidInput, match=r"ann in .* lacks usage, sub_categories"):
        check_labelled(read_personas(file), file)


# Methods side by side, with the encoder in use.


@pytest.fixture(scope="module")
def found(drawn_catalog: Path) -> EmbeddedProducts:
    return embed_dataset(drawn_catalog, NameVisibility.FULL, Split.ALL, SETTINGS, ignore_progress)


@pytest.fixture(scope="module")
def compared(drawn_catalog: Path, found: EmbeddedProducts, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    rows = rows_of(drawn_catalog)
    women = [row for row in rows if (row["gender"], row["usage"]) == ("Women", "Casual")]
    men = [row for row in rows if (row["gender"], row["usage"]) == ("Men", "Casual")]
    people = [persona(f"p{n}", (men if n % 2 else women)[n // 2 :][:6]) for n in range(14)]
    file = write_people(tmp_path_factory.mktemp("people"), people)
    index = open_index(found.contents, SETTINGS)
    return compare_on_personas(read_personas(file), found, index, SETTINGS, ablate=True, steps=silent)


def persona_of(compared: Comparison, shopper: EvaluationUser) -> Persona:
    """The persona behind a shopper."""
    assert isinstance(compared.judge, PersonaEvaluator)
    return compared.judge.people[shopper.id]


def test_the_encoder_is_not_told_the_gender(found: EmbeddedProducts) -> None:
    assert {item.gender for item in found.embedded.items} == {""}
    assert {product.label("gender") for product in found.products.values()} != {""}


def test_nobody_recommends_what_is_owned_or_anything_twice(compared: Comparison) -> None:
    for method in compared.methods:
        for shopper, rows in zip(compared.shoppers, method.lists, strict=True):
            ids = [compared.shop.products[row].item.id for row in rows]
            assert len(set(ids)) == len(ids) > 0, method.name
            assert not set(ids) & set(persona_of(compared, shopper).wardrobe), method.name


def test_ours_is_what_the_deployed_code_answers(compared: Comparison, found: EmbeddedProducts) -> None:
    callers = [persona_case(persona_of(compared, shopper), found) for shopper in compared.shoppers]
    deployed: ProductLists = recommend_products(callers, found, compared.shop.index, SETTINGS, ignore_progress)
    for rows, ids in zip(compared.method(OURS).lists, deployed.ids.values(), strict=True):
        assert [compared.shop.products[row].id for row in rows] == ids


def test_every_method_has_a_name_of_its_own_and_every_number_its_interval(compared: Comparison) -> None:
    methods = [*compared_methods(compared.shop), *ablations(compared.shop)]
    assert [one.name for one in compared.methods] == [one.name for one in methods]
    assert len({one.name for one in methods}) == len(methods)
    for one in compared.methods:
        assert all(estimate.low <= estimate.value <= estimate.high for estimate in one.scores.values())
        assert one.gain.value == pytest.approx(one.scores["all20"].value - compared.method(OURS).scores["all20"].value)


def test_products_that_look_alike_come_again_only_where_twins_are_allowed(compared: Comparison) -> None:
    index, apart = compared.shop.index, compared.shop.apart
    rows = compared.method(OURS).lists[0]
    assert len(set(index.products(rows).tolist())) == len(rows)
    everything = compared.method("twins allowed").lists[0]
    assert len(everything) >= len(rows)
    assert len(set(apart.products(everything).tolist())) == len(everything)


def test_what_is_ablated_or_varied_shows_in_somebodys_list(compared: Comparison) -> None:
    lists = {one.name: [rows.tolist() for rows in one.lists] for one in compared.methods}
    changed = {name for name in lists if lists[name] != lists[OURS]}
    assert changed >= {"without similarity", "without the colour term", "explore 1"}
    assert changed >= {"MMR of weight 2.5", "DPP of weight 0.5"}
    assert lists["explore 0"] == lists[OURS]


def test_ours_fits_better_than_chance(compared: Comparison) -> None:
    scores = {one.name: one.scores["all20"].value for one in compared.methods}
    assert scores[OURS] > scores["random"]


def test_numbers_are_plain_and_lines_as_long_as_their_header(compared: Comparison) -> None:
    numbers = as_numbers(compared)
    assert json.loads(json.dumps(numbers)) == numbers
    assert (numbers["products"], numbers["personas"]) == (60, 14)
    assert set(numbers["methods"][0]) == {"name", *METRICS, "all20_gain", "milliseconds"}
    assert {len(line) for line in lines(compared)} == {len(header(compared))} == {len(METRICS) + 2}


# The page.


def test_the_page_shows_twelve_personas_and_marks_what_fits(compared: Comparison) -> None:
    page = report(compared, "Drawn.", decode)
    parsed = read_page(page)
    assert parsed.tags.count("section") == 12
    images = [value for name, value in parsed.attributes if name == "src"]
    assert len(images) > 12 * (6 + 20)
    assert all(str(value).startswith("data:image/jpeg;base64,") for value in images)
    assert "script" not in parsed.tags
    assert "default-src 'none'" in page
    assert page.count('class="reason"') == sum(min(20, len(rows)) for rows in compared.method(OURS).lists[:12])
    assert "✓ gender" in page
    assert len(page) < 15_000_000


def test_personas_on_the_page_are_evenly_chosen() -> None:
    assert evenly_chosen(300, 12) == list(range(0, 300, 25))
    assert evenly_chosen(5, 12) == [0, 1, 2, 3, 4]
    assert len(set(evenly_chosen(13, 12))) == 12


def test_names_of_products_and_personas_reach_the_page_as_text(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = [row | {"productDisplayName": f"{HOSTILE} {n}"} for n, row in enumerate(rows_of(drawn_catalog)[:8])]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "images").symlink_to(drawn_catalog / "images")
    folder = write_rows(tmp_path / "data", rows)
    people = [persona(HOSTILE, rows[:2], palette=[HOSTILE], sub_categories=[HOSTILE], usage=HOSTILE)]
    out = tmp_path / "report.html"
    result = invoke(
        *("evaluate", "--dataset", folder, "--personas", write_people(tmp_path, people), "--side", "all"),
        *("--compare", "--report", out),
    )
    assert result.exit_code == 0, result.output
    page = out.read_text()
    parsed = read_page(page)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


# The command.


def test_the_command_compares_and_writes_lists_and_page_in_one_go(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = rows_of(drawn_catalog)
    file = write_people(tmp_path, [persona(f"p{n}", rows[n : n + 5]) for n in range(4)])
    out, page = tmp_path / "out.json", tmp_path / "report.html"
    arguments = ("evaluate", "--dataset", drawn_catalog, "--personas", file, "--side", "all", "--names", "blind")
    numbers = invoke_json(*arguments, "--compare", "--half", "odd", "--out", out, "--report", page)
    assert (numbers["names"], numbers["side"], numbers["half"], numbers["personas"]) == ("blind", "all", "odd", 2)
    assert {"random", OURS, PROTOTYPE} < {method["name"] for method in numbers["methods"]}
    assert json.loads(out.read_text()).keys() == {"p1", "p3"}
    read_page(page.read_text())
    plain = invoke(*arguments, "--compare").stdout
    assert "the first method" in plain
    assert "…" not in plain


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--personas", "{people}", "--compare", "--report", "{tmp}/nowhere/r"], "can't be written"),
        (["--personas", "{people}", "--compare"], "ann in"),
        (["--personas", "{people}", "--compare", "--half", "odd"], "no persona in its odd half"),
    ],
)
def test_a_comparison_that_can_not_be_says_why_at_once(
    tmp_path: Path, drawn_catalog: Path, arguments: list[str], sentence: str
) -> None:
    file = write_people(tmp_path, [{"id": "ann", "wardrobe": [rows_of(drawn_catalog)[0]["id"]]}])
    given = [argument.format(people=file, tmp=tmp_path) for argument in arguments]
    result = invoke("evaluate", "--dataset", drawn_catalog, "--side", "all", *given)
    assert result.exit_code == 1
    assert sentence in result.stderr.replace("\n", " ")
    assert "embedding" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--personas", "p"], "Say with --out"),
        (["--personas", "p", "--out", "o", "--ablate"], "belong to --compare"),
        (["--personas", "p", "--out", "o", "--report", "r"], "belong to --compare"),
        (["--personas", "p", "--out", "o", "--json"], "belong to --compare"),
        (["--photos", "p", "--compare"], "--compare belongs to"),
        (["--photos", "p", "--out", "o", "--half", "odd"], "--half belongs to --personas"),
        (["--out", "o"], "Give either --personas, --closets with --photos, --queries, or --photos alone"),
        (["--personas", "p", "--photos", "q", "--out", "o"], "Give either"),
        (["--queries", "p", "--photos", "q", "--out", "o"], "Give either"),
        (["--personas", "p", "--queries", "q", "--out", "o"], "Give either"),
        (["--personas", "p", "--closets", "q", "--photos", "r", "--out", "o"], "Give either"),
        (["--closets", "p", "--out", "o"], "--closets needs the folder of the photos"),
        (["--closets", "p", "--photos", "q"], "Say with --out"),
        (["--closets", "p", "--photos", "q", "--compare", "--half", "odd"], "--half belongs to --personas"),
        (["--personas", "p", "--told", "t"], "--told belongs to --closets"),
        (["--queries", "p", "--out", "o", "--told", "t"], "--told belongs to --closets"),
        (["--queries", "p", "--compare", "--report", "r"], "belong to --personas or --closets"),
        (["--queries", "p", "--compare", "--ablate"], "belong to --personas or --closets"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(arguments: list[str], sentence: str) -> None:
    assert sentence in usage_error("evaluate", "--dataset", "d", *arguments)


def test_who_owns_all_there_is_or_one_thing_a_thousand_times_breaks_nothing(
    tmp_path: Path, drawn_catalog: Path
) -> None:
    rows = rows_of(drawn_catalog)[:6]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "images").symlink_to(drawn_catalog / "images")
    folder = write_rows(tmp_path / "data", rows)
    greedy = persona("greedy", rows)
    twice = persona("twice", rows[:1], wardrobe=[rows[0]["id"]] * 3000)
    people, out, page = write_people(tmp_path, [greedy, twice]), tmp_path / "out.json", tmp_path / "report.html"
    numbers = invoke_json(
        *("evaluate", "--dataset", folder, "--personas", people, "--side", "all", "--compare", "--ablate"),
        *("--out", out, "--report", page),
    )
    lists = json.loads(out.read_text())
    assert lists["greedy"] == []
    assert sorted(lists["twice"]) == sorted(row["id"] for row in rows[1:])
    assert all(method["all20"]["value"] <= 5 / 40 for method in numbers["methods"])
    read_page(page.read_text())


def test_products_without_labels_can_not_be_compared_on(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = rows_of(drawn_catalog)
    people = write_people(tmp_path, [persona("ann", rows[:3])])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "images").symlink_to(drawn_catalog / "images")
    kept = [{column: row[column] for column in ("id", "productDisplayName", "gender")} for row in rows]
    folder = write_rows(tmp_path / "data", kept)
    result = invoke("evaluate", "--dataset", folder, "--personas", people, "--side", "all", "--compare")
    assert result.exit_code == 1
    assert "no usage, baseColour, subCategory, articleType" in result.stderr.replace("\n", " ")
