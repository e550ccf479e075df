"""``closetspace cloud traffic`` and ``rollback``, through the real clients."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from catalog_jobs.cli.cloud_traffic import roll_back, set_newest
from catalog_jobs.operations.cloud_status.expected import Expected
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import RELEASE
from tests.support.google_cloud import FUNCTIONS, Cloud, Json, function, service_of

NAMES = ("item_written", "recommend")
LATEST, NAMED = 1, 2
"""The types of a share: that of whatever revision is the newest, and that of a named one."""


@pytest.fixture
def expected(repository: Expected) -> Expected:
    return replace(repository, functions=tuple(f for f in repository.functions if f.name in NAMES))


@pytest.fixture
def cloud(expected: Expected) -> Iterator[Cloud]:
    """Two functions that were deployed as releases one, two and three, and of three once more with other settings."""
    with Cloud() as here:
        here.answers = {FUNCTIONS: [{"functions": [function(spec) for spec in expected.functions]}]}
        for spec in expected.functions:
            service = service_of(spec)
            revisions = [revision(service, n, release) for n, release in enumerate(("one", "two", "three", "three"), 1)]
            here.answers[f"/v2/{service}/revisions"] = [{"revisions": revisions[:2]}, {"revisions": revisions[2:]}]
            here.answers[f"/v2/{service}"] = [answering(service, 4)]
        yield here


def revision(service: str, number: int, release: str, state: str = "CONDITION_SUCCEEDED") -> Json:
    return {
        "name": f"{service}/revisions/{name(service, number)}",
        "createTime": f"2026-11-2{number}T10:00:00Z",
        "containers": [{"env": [{"name": RELEASE, "value": release}] if release else []}],
        "conditions": [{"type": "Ready", "state": state}],
    }


def name(service: str, number: int) -> str:
    return f"{service.rsplit('/', 1)[-1]}-0000{number}-abc"


def answering(service: str, number: int) -> Json:
    """Return a service whose newest revision answers everything."""
    newest = f"{service}/revisions/{name(service, number)}"
    everything = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
    return {"name": service, "latestReadyRevision": newest, "trafficStatuses": [everything]}


def traffic_of(cloud: Cloud, expected: Expected) -> dict[str, dict[str, int]]:
    """Return the shares that were set, by function and number of the revision."""
    paths = {f"/v2/{service_of(spec)}": spec.name for spec in expected.functions}
    return {
        paths[path]: {each.get("revision", "")[-5:-4]: each["percent"] for each in body["traffic"]}
        for path, body in cloud.changes
    }


def test_newest_release_gets_its_share_and_the_one_before_the_rest(cloud: Cloud, expected: Expected) -> None:
    set_newest(expected, cloud.apis(), 10)
    assert traffic_of(cloud, expected) == {key: {"4": 10, "2": 90} for key in NAMES}
    assert all(set(body) == {"traffic"} for _, body in cloud.changes)
    changes = [target for method, target in cloud.asked if method == "PATCH"]
    assert len(changes) == 2
    assert all("updateMask=traffic" in target for target in changes)


def test_all_requests_go_to_whatever_is_deployed_next(cloud: Cloud, expected: Expected) -> None:
    set_newest(expected, cloud.apis(), 100)
    assert [body["traffic"] for _, body in cloud.changes] == 2 * [[{"type": LATEST, "percent": 100}]]


def test_rollback_is_to_the_release_before_for_all_functions(cloud: Cloud, expected: Expected) -> None:
    roll_back(expected, cloud.apis(), None)
    assert traffic_of(cloud, expected) == {key: {"2": 100} for key in NAMES}
    assert all(each["type"] == NAMED for _, body in cloud.changes for each in body["traffic"])


def test_rollback_to_a_named_release_takes_its_last_revision(cloud: Cloud, expected: Expected) -> None:
    roll_back(expected, cloud.apis(), "one")
    roll_back(expected, cloud.apis(), "three")
    shares = [each["revision"][-5] for _, body in cloud.changes for each in body["traffic"]]
    assert shares == ["1", "1", "4", "4"]


def test_unknown_release_is_refused_with_the_known_ones(cloud: Cloud, expected: Expected) -> None:
    with pytest.raises(InvalidInput, match=r"no release four\. The releases are three, two, one\."):
        roll_back(expected, cloud.apis(), "four")
    assert cloud.changes == []


def test_revision_that_never_became_ready_gets_no_requests(cloud: Cloud, expected: Expected) -> None:
    for spec in expected.functions:
        service = service_of(spec)
        broken = revision(service, 5, "four", "CONDITION_FAILED")
        cloud.answers[f"/v2/{service}/revisions"].append({"revisions": [broken]})
    set_newest(expected, cloud.apis(), 50)
    assert traffic_of(cloud, expected) == {key: {"4": 50, "2": 50} for key in NAMES}


def test_new_function_answers_everything_and_stays_in_a_rollback(cloud: Cloud, expected: Expected) -> None:
    service = service_of(next(spec for spec in expected.functions if spec.name == "recommend"))
    cloud.answers[f"/v2/{service}/revisions"] = [{"revisions": [revision(service, 4, "three")]}]
    set_newest(expected, cloud.apis(), 10)
    assert cloud.changes[-1][1]["traffic"] == [{"type": LATEST, "percent": 100}]
    cloud.changes.clear()
    roll_back(expected, cloud.apis(), None)
    assert traffic_of(cloud, expected) == {"item_written": {"2": 100}}


def test_only_release_cannot_be_rolled_back_or_split(cloud: Cloud, expected: Expected) -> None:
    for spec in expected.functions:
        service = service_of(spec)
        cloud.answers[f"/v2/{service}/revisions"] = [{"revisions": [revision(service, 4, "")]}]
    with pytest.raises(FailedPrecondition, match="only one was deployed"):
        roll_back(expected, cloud.apis(), None)
    with pytest.raises(FailedPrecondition, match="only one release: give it 100"):
        set_newest(expected, cloud.apis(), 10)
    set_newest(expected, cloud.apis(), 100)
    assert len(cloud.changes) == 2


def test_shares_are_printed_and_nothing_is_changed_without_an_option(
    cloud: Cloud, expected: Expected, capsys: pytest.CaptureFixture[str]
) -> None:
    service = service_of(expected.functions[0])
    split = [{"revision": name(service, number), "percent": percent} for number, percent in ((1, 5), (2, 75), (4, 20))]
    cloud.answers[f"/v2/{service}"] = [{**answering(service, 4), "trafficStatuses": split}]
    set_newest(expected, cloud.apis(), None)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "%" in line]
    assert lines == [["item_written", "20", "%", "75", "%", "5", "%"], ["recommend", "100", "%", "0", "%", "0", "%"]]
    assert cloud.changes == []


def test_project_without_functions_is_refused(cloud: Cloud, expected: Expected) -> None:
    cloud.answers[FUNCTIONS] = [{"functions": []}]
    with pytest.raises(FailedPrecondition, match="No function is deployed to demo-closetspace"):
        roll_back(expected, cloud.apis(), None)
