"""The checks of `make torture` find what is planted: a check that can't fail shows nothing."""

from dataclasses import replace

import numpy as np
import pytest

from closetspace.api.requests import CallableRequest, FeedbackRequest, RecommendRequest
from closetspace.domain.encoder.vectors import FloatArray, mean_vector
from closetspace.domain.person.personal_data import PREFERENCES, STATES, WARDROBE
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from tests.torture.boundaries import judge_boundaries
from tests.torture.calls import judge
from tests.torture.fuzzing import Call, call, fields_of
from tests.torture.kept import Expected, Kept, check_kept
from tests.torture.mutations import MUTATIONS, mutate
from tests.torture.plausible import plausible
from tests.torture.rights import Right, judge_rights, may
from tests.torture.rule_coverage import judge_coverage
from tests.torture.trial import Context, Verdict

SHIRT, JEANS = np.eye(2, dtype=np.float32)
PHOTO = "users/ann/wardrobe/shirt/photo.jpg"
EXPECTED = {
    "shirt": Expected("ann", "ready", PHOTO, SHIRT),
    "jeans": Expected("ann", None),
    "sofa": Expected("ann", "failed", "users/ann/wardrobe/sofa/photo.jpg"),
}
FAULT = {"code": "no_garment", "message": "Upload another photo."}
STATE = {"uid": "ann", "status": "ready"}


def closet(**vectors: FloatArray) -> Closet:
    return Closet("ann", {item: {"e": ClosetEntry("e", vector, "Topwear", "")} for item, vector in vectors.items()}, 7)


def taste(*vectors: FloatArray, version: int = 7) -> Taste:
    return Taste("e", mean_vector(np.array(vectors)), (), version)


GOOD = Kept(
    {"shirt": STATE, "sofa": {"uid": "ann", "status": "failed", "error": FAULT}},
    {"ann": closet(shirt=SHIRT)},
    {"ann": taste(SHIRT)},
    {PHOTO, "users/ann/wardrobe/sofa/photo.jpg"},
)


def test_wardrobe_as_expected_holds() -> None:
    assert check_kept(EXPECTED, GOOD) == Verdict(3)


def test_derived_file_is_kept_while_its_state_names_it() -> None:
    thumbnail = "users/ann/wardrobe/shirt/thumbs/256.webp"
    kept = replace(GOOD, photos={*GOOD.photos, thumbnail})
    assert check_kept(EXPECTED, kept).leaked == {"shirt": f"has left {thumbnail}"}
    named = {**GOOD.states, "shirt": {**STATE, "thumbnails": {"256": thumbnail}}}
    assert check_kept(EXPECTED, replace(kept, states=named)).holds


@pytest.mark.parametrize(
    ("subject", "broken"),
    [
        ("shirt", replace(GOOD, states={**GOOD.states, "shirt": {**STATE, "status": "processing"}})),
        ("shirt", replace(GOOD, states={**GOOD.states, "shirt": {**STATE, "uid": "bob"}})),
        ("shirt", replace(GOOD, states={"sofa": GOOD.states["sofa"]})),
        ("shirt", replace(GOOD, closets={"ann": closet()}, tastes={})),
        ("shirt", replace(GOOD, closets={"ann": closet(shirt=JEANS)}, tastes={"ann": taste(JEANS)})),
        ("shirt", replace(GOOD, photos={"users/ann/wardrobe/sofa/photo.jpg"})),
        ("sofa", replace(GOOD, states={**GOOD.states, "sofa": {"uid": "ann", "status": "failed"}})),
        ("ann", replace(GOOD, tastes={})),
        ("ann", replace(GOOD, tastes={"ann": taste(SHIRT, version=6)})),
        ("ann", replace(GOOD, tastes={"ann": taste(JEANS)})),
    ],
)
def test_lost_item_and_taste_are_found(subject: str, broken: Kept) -> None:
    assert subject in check_kept(EXPECTED, broken).lost


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, states={**GOOD.states, "jeans": STATE}),
        replace(GOOD, closets={"ann": closet(shirt=SHIRT, jeans=JEANS)}, tastes={"ann": taste(SHIRT, JEANS)}),
        replace(GOOD, closets={**GOOD.closets, "bob": replace(closet(jeans=JEANS), uid="bob")}),
        replace(GOOD, photos={*GOOD.photos, "users/ann/wardrobe/jeans/photo.jpg"}),
        replace(GOOD, photos={*GOOD.photos, "users/ann/wardrobe/jeans/thumbs/256.webp"}),
    ],
)
def test_leaked_item_is_found(broken: Kept) -> None:
    verdict = check_kept(EXPECTED, broken)
    assert "jeans" in verdict.leaked
    assert verdict.held == 2


@pytest.mark.parametrize("path", ["taste/ann", "wardrobe/forgotten", "closets/ann"])
def test_document_of_a_deleted_account_is_found(path: str) -> None:
    kept = Kept({}, {}, {}, (), {path: "ann", "account_deletions/ann": "ann", "taste/bob": "bob"})
    assert check_kept({}, kept, ["ann"]).leaked == {"ann": f"has left {path}"}
    assert check_kept({}, replace(kept, owners={"account_deletions/ann": "ann"}), ["ann"]).holds
    assert not check_kept({}, Kept({}, {}, {}, ["users/ann/exports/a.zip"]), ["ann"]).holds


CALL = Call("any", b'{"data":{}}')


@pytest.mark.parametrize(
    ("call", "answer", "kind"),
    [
        (CALL, '{"result": {"items": []}}', None),
        (CALL, '{"error": {"status": "INVALID_ARGUMENT", "message": "count: at most 100"}}', None),
        (CALL, '{"error": {"status": "INTERNAL", "message": "INTERNAL"}}', "lost"),
        (CALL, '{"error": {"status": "INVALID_ARGUMENT"}}', "lost"),
        (CALL, "<html>Bad Request</html>", "lost"),
        (CALL, "[]", "lost"),
        (CALL, '{"result": {"name": "secret of bob"}}', "leaked"),
        (CALL, '{"error": {"status": "INVALID_ARGUMENT", "message": "File \\"/srv/main.py\\", line 7"}}', "leaked"),
        (Call("any", b'{"data":{"gender":"secret"}}'), '{"result": {"gender": "secret"}}', None),
        (Call("any", b'{"data":{}}', "nobody"), '{"result": {}}', "leaked"),
    ],
)
def test_answer_is_judged(call: Call, answer: str, kind: str | None) -> None:
    found = judge(call, answer, ["secret"])
    assert (found[0] if found else None) == kind


def test_right_that_is_missing_is_lost_and_one_too_many_leaked() -> None:
    mine, others = Right("wardrobe", "owner", "get", True), Right("wardrobe", "visitor", "get", False)
    assert judge_rights({mine: True, others: False}) == Verdict(2)
    assert judge_rights({mine: False, others: True}).lost
    assert judge_rights({mine: False, others: True}).leaked
    assert judge_boundaries({"a name of 301 characters": (False, True)}).leaked
    assert judge_boundaries({"a name of 300 characters": (True, False)}).lost


def test_rights_follow_the_list_of_personal_data() -> None:
    assert [may(place, "list") for place in (WARDROBE, STATES, PREFERENCES)] == [True, True, False]
    assert [may(place, "update") for place in (WARDROBE, STATES, PREFERENCES)] == [True, False, True]


def test_condition_with_one_value_is_found() -> None:
    source = "allow get: if a == b && c.d;"
    report = [
        {"sourcePosition": {"currentOffset": 14, "endOffset": 20}, "values": [{"value": {"boolValue": True}}]},
        {"sourcePosition": {"currentOffset": 24, "endOffset": 27}, "values": [{"value": {"boolValue": True}}]},
    ]
    assert judge_coverage(report, source) == Verdict(1, {"line 1, a == b": "was only [True]"})
    both = [*report, {**report[0], "values": [{"value": {"boolValue": False}}]}]
    assert judge_coverage(both, source) == Verdict(1)


def test_same_seed_gives_the_same_attacks() -> None:
    def attacks(seed: int) -> list[object]:
        context = Context(journey=None, seed=seed, seconds=0, say=print)  # type: ignore[arg-type]
        draw = context.random("calls")
        calls = [call(draw, "recommend", {"": ["Red"]}, ["nobody"]) for _ in range(50)]
        return [*calls, *(mutate(draw, [("a photo", bytes(range(200)))]) for _ in range(50))]

    assert attacks(1) == attacks(1)
    assert attacks(1) != attacks(2)


def test_every_mutation_takes_the_shortest_file() -> None:
    draw = Context(journey=None, seed=1, seconds=0, say=print).random("")  # type: ignore[arg-type]
    for mutation in MUTATIONS.values():
        assert isinstance(bytes(mutation(draw, bytearray(b"x"), b"y")), bytes)


@pytest.mark.parametrize("model", [RecommendRequest, FeedbackRequest])
def test_plausible_requests_have_valid_fields(model: type[CallableRequest]) -> None:
    draw = Context(journey=None, seed=1, seconds=0, say=print).random("")  # type: ignore[arg-type]
    for _ in range(200):
        model.parse(plausible(draw, model, {"": ["Red"]}))


def test_fields_are_those_of_the_callables_own_request() -> None:
    assert fields_of("feedback") == ["itemId", "kind"]
    assert {"itemId", "cursor"} <= set(fields_of("a callable without a request"))
