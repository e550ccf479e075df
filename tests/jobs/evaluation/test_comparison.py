"""``closetspace evaluate --personas --compare``: methods side by side on drawn products, and the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.evaluation.datasets.personas import Persona, read_personas
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, NameVisibility, embed_dataset, open_index
from catalog_jobs.evaluation.metrics.personas import PERSONA_METRICS
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, compare_on_personas
from catalog_jobs.evaluation.wardrobes.evaluators import PersonaEvaluator
from catalog_jobs.evaluation.wardrobes.labelled_index import EvaluationUser
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE, ablations, compared_methods
from catalog_jobs.evaluation.wardrobes.recommending import persona_case, recommend_products
from catalog_jobs.evaluation.wardrobes.report import comparison_page, evenly_spaced
from closetspace.bootstrap import photo_decoder
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.evaluation import (
    HOSTILE,
    check_no_injection,
    invoke,
    invoke_error,
    invoke_json,
    link_dataset,
    parse_page,
    read_rows,
    silent,
    usage_error,
    write_json,
)

SETTINGS = Settings.from_env()


def persona(name: str, rows: list[dict[str, str]], **preferences: Any) -> dict[str, Any]:
    """Return a persona that owns these products and prefers their labels."""
    labels: dict[str, Any] = {"gender": rows[0]["gender"], "usage": rows[0]["usage"]}
    labels |= {"palette": sorted({row["baseColour"] for row in rows})}
    labels |= {"sub_categories": sorted({row["subCategory"] for row in rows})}
    return labels | {"id": name, "wardrobe": [row["id"] for row in rows]} | preferences


# Methods side by side, with the encoder in use.


@pytest.fixture(scope="module")
def embedded(drawn_catalog: Path) -> EmbeddedProducts:
    return embed_dataset(drawn_catalog, NameVisibility.FULL, Split.ALL, SETTINGS, ignore_progress)


@pytest.fixture(scope="module")
def comparison(drawn_catalog: Path, embedded: EmbeddedProducts, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    rows = read_rows(drawn_catalog)
    women = [row for row in rows if (row["gender"], row["usage"]) == ("Women", "Casual")]
    men = [row for row in rows if (row["gender"], row["usage"]) == ("Men", "Casual")]
    personas = [persona(f"p{n}", (men if n % 2 else women)[n // 2 :][:6]) for n in range(14)]
    file = write_json(tmp_path_factory.mktemp("personas") / "personas.json", personas)
    index = open_index(embedded.contents, SETTINGS)
    return compare_on_personas(read_personas(file), embedded, index, SETTINGS, ablate=True, steps=silent)


def persona_of(comparison: Comparison, user: EvaluationUser) -> Persona:
    assert isinstance(comparison.evaluator, PersonaEvaluator)
    return comparison.evaluator.personas[user.id]


def test_encoder_does_not_get_the_gender(embedded: EmbeddedProducts) -> None:
    assert {item.gender for item in embedded.catalog.items} == {""}
    assert {product.label("gender") for product in embedded.products.values()} != {""}


def test_no_method_recommends_owned_products_or_repeats_one(comparison: Comparison) -> None:
    for result in comparison.results:
        for user, rows in zip(comparison.users, result.lists, strict=True):
            ids = [comparison.labelled.products[row].item.id for row in rows]
            assert len(set(ids)) == len(ids) > 0, result.name
            assert not set(ids) & set(persona_of(comparison, user).wardrobe), result.name


def test_our_lists_equal_those_of_the_deployed_code(comparison: Comparison, embedded: EmbeddedProducts) -> None:
    cases = [persona_case(persona_of(comparison, user), embedded) for user in comparison.users]
    deployed = recommend_products(cases, embedded, comparison.labelled.index, SETTINGS, ignore_progress)
    for rows, ids in zip(comparison.result(OURS).lists, deployed.ids.values(), strict=True):
        assert [comparison.labelled.products[row].id for row in rows] == ids


def test_methods_have_unique_names_and_metrics_have_intervals(comparison: Comparison) -> None:
    methods = [*compared_methods(comparison.labelled), *ablations(comparison.labelled)]
    assert [result.name for result in comparison.results] == [method.name for method in methods]
    assert len({method.name for method in methods}) == len(methods)
    ours = comparison.result(OURS).scores["all20"].value
    for result in comparison.results:
        assert all(estimate.low <= estimate.value <= estimate.high for estimate in result.scores.values())
        assert result.gain.value == pytest.approx(result.scores["all20"].value - ours)


def test_variants_repeat_a_product_only_if_twins_are_allowed(comparison: Comparison) -> None:
    index, ungrouped = comparison.labelled.index, comparison.labelled.ungrouped
    rows = comparison.result(OURS).lists[0]
    assert len(set(index.products(rows).tolist())) == len(rows)
    with_twins = comparison.result("twins allowed").lists[0]
    assert len(with_twins) >= len(rows)
    assert len(set(ungrouped.products(with_twins).tolist())) == len(with_twins)


def test_ablations_change_lists(comparison: Comparison) -> None:
    lists = {result.name: [rows.tolist() for rows in result.lists] for result in comparison.results}
    changed = {name for name in lists if lists[name] != lists[OURS]}
    assert changed >= {"without similarity", "without the colour term", "explore 1"}
    assert changed >= {"MMR of weight 2.5", "DPP of weight 0.5"}
    assert lists["explore 0"] == lists[OURS]


def test_our_lists_fit_better_than_random_ones(comparison: Comparison) -> None:
    scores = {result.name: result.scores["all20"].value for result in comparison.results}
    assert scores[OURS] > scores["random"]


def test_json_is_plain_and_table_rows_have_the_length_of_the_header(comparison: Comparison) -> None:
    numbers = comparison.as_json()
    assert json.loads(json.dumps(numbers)) == numbers
    assert (numbers["products"], numbers["personas"]) == (60, 14)
    assert set(numbers["methods"][0]) == {"name", *PERSONA_METRICS, "all20_gain", "milliseconds"}
    header = comparison.table_header()
    assert {len(row) for row in comparison.table_rows()} == {len(header)} == {len(PERSONA_METRICS) + 2}


# The page.


def test_page_shows_twelve_personas_and_marks_what_fits(comparison: Comparison) -> None:
    page = comparison_page(comparison, "Drawn.", photo_decoder(SETTINGS))
    parsed = parse_page(page)
    assert parsed.tags.count("section") == 12
    sources = parsed.values("src")
    assert len(sources) > 12 * (6 + 20)
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "script" not in parsed.tags
    assert "default-src 'none'" in page
    shown = sum(min(20, len(rows)) for rows in comparison.result(OURS).lists[:12])
    assert page.count('class="reason"') == shown
    assert "✓ gender" in page
    assert len(page) < 15_000_000


def test_users_on_the_page_are_evenly_spaced() -> None:
    assert evenly_spaced(300, 12) == list(range(0, 300, 25))
    assert evenly_spaced(5, 12) == [0, 1, 2, 3, 4]
    assert len(set(evenly_spaced(13, 12))) == 12


def test_page_escapes_names_of_products_and_personas(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = [row | {"productDisplayName": f"{HOSTILE} {n}"} for n, row in enumerate(read_rows(drawn_catalog)[:8])]
    dataset = link_dataset(tmp_path / "data", drawn_catalog, rows)
    personas = [persona(HOSTILE, rows[:2], palette=[HOSTILE], sub_categories=[HOSTILE], usage=HOSTILE)]
    page = tmp_path / "report.html"
    result = invoke(
        *("evaluate", "--dataset", dataset, "--personas", write_json(tmp_path / "personas.json", personas)),
        *("--side", "all", "--compare", "--report", page),
    )
    assert result.exit_code == 0, result.output
    check_no_injection(page.read_text())


# The command.


def test_command_compares_and_writes_lists_and_page(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = read_rows(drawn_catalog)
    file = write_json(tmp_path / "personas.json", [persona(f"p{n}", rows[n : n + 5]) for n in range(4)])
    out, page = tmp_path / "out.json", tmp_path / "report.html"
    arguments = ("evaluate", "--dataset", drawn_catalog, "--personas", file, "--side", "all", "--names", "blind")
    numbers = invoke_json(*arguments, "--compare", "--half", "odd", "--out", out, "--report", page)
    assert (numbers["names"], numbers["side"], numbers["half"], numbers["personas"]) == ("blind", "all", "odd", 2)
    assert {"random", OURS, PROTOTYPE} < {method["name"] for method in numbers["methods"]}
    assert json.loads(out.read_text()).keys() == {"p1", "p3"}
    parse_page(page.read_text())
    table = invoke(*arguments, "--compare").stdout
    assert "the first method" in table
    assert "…" not in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "--report", "{tmp}/missing/r"], "can't be written"),
        (["--compare"], "ann in"),
        (["--compare", "--half", "odd"], "no persona in its odd half"),
    ],
)
def test_impossible_comparison_is_rejected_before_any_work(
    tmp_path: Path, drawn_catalog: Path, arguments: list[str], message: str
) -> None:
    persona_without_preferences = {"id": "ann", "wardrobe": [read_rows(drawn_catalog)[0]["id"]]}
    file = write_json(tmp_path / "personas.json", [persona_without_preferences])
    given = [argument.format(tmp=tmp_path) for argument in arguments]
    error = invoke_error("evaluate", "--dataset", drawn_catalog, "--side", "all", "--personas", file, *given)
    assert message in error
    assert "embedding" not in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--personas", "p"], "Write lists with --out"),
        (["--personas", "p", "--out", "o", "--ablate"], "need --compare"),
        (["--personas", "p", "--out", "o", "--report", "r"], "need --compare"),
        (["--personas", "p", "--out", "o", "--json"], "need --compare"),
        (["--photos", "p", "--compare"], "--compare needs"),
        (["--photos", "p", "--out", "o", "--half", "odd"], "--half needs --personas"),
        (["--out", "o"], "Give either --personas, --closets with --photos, --queries, or --photos alone"),
        (["--personas", "p", "--photos", "q", "--out", "o"], "Give either"),
        (["--queries", "p", "--photos", "q", "--out", "o"], "Give either"),
        (["--personas", "p", "--queries", "q", "--out", "o"], "Give either"),
        (["--personas", "p", "--closets", "q", "--photos", "r", "--out", "o"], "Give either"),
        (["--closets", "p", "--out", "o"], "--closets needs the folder of the photos"),
        (["--closets", "p", "--photos", "q"], "Write lists with --out"),
        (["--closets", "p", "--photos", "q", "--compare", "--half", "odd"], "--half needs --personas"),
        (["--personas", "p", "--told", "t"], "--told needs --closets"),
        (["--queries", "p", "--out", "o", "--told", "t"], "--told needs --closets"),
        (["--queries", "p", "--compare", "--report", "r"], "need --personas or --closets"),
        (["--queries", "p", "--compare", "--ablate"], "need --personas or --closets"),
    ],
)
def test_contradictory_options_are_a_usage_error(arguments: list[str], message: str) -> None:
    assert message in usage_error("evaluate", "--dataset", "d", *arguments)


def test_wardrobes_of_all_products_or_of_one_repeated_product_are_accepted(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = read_rows(drawn_catalog)[:6]
    dataset = link_dataset(tmp_path / "data", drawn_catalog, rows)
    personas = [persona("all", rows), persona("repeated", rows[:1], wardrobe=[rows[0]["id"]] * 3000)]
    file, out, page = write_json(tmp_path / "personas.json", personas), tmp_path / "out.json", tmp_path / "report.html"
    numbers = invoke_json(
        *("evaluate", "--dataset", dataset, "--personas", file, "--side", "all", "--compare", "--ablate"),
        *("--out", out, "--report", page),
    )
    lists = json.loads(out.read_text())
    assert lists["all"] == []
    assert sorted(lists["repeated"]) == sorted(row["id"] for row in rows[1:])
    assert all(method["all20"]["value"] <= 5 / 40 for method in numbers["methods"])
    parse_page(page.read_text())


def test_comparison_needs_labelled_products(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = read_rows(drawn_catalog)
    file = write_json(tmp_path / "personas.json", [persona("ann", rows[:3])])
    unlabelled = [{column: row[column] for column in ("id", "productDisplayName", "gender")} for row in rows]
    dataset = link_dataset(tmp_path / "data", drawn_catalog, unlabelled)
    error = invoke_error("evaluate", "--dataset", dataset, "--personas", file, "--side", "all", "--compare")
    assert "no usage, baseColour, subCategory, articleType" in error
