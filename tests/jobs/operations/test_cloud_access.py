"""``closetspace cloud access``: who may call the functions, through the real clients."""

from collections.abc import Iterator

import pytest

from catalog_jobs.cli.cloud_access import grant
from catalog_jobs.operations.cloud_status.expected import Expected
from closetspace.errors import FailedPrecondition
from tests.support.google_cloud import FUNCTIONS, Cloud, account_of, error, function, service_of, services


@pytest.fixture
def expected(repository: Expected) -> Expected:
    return repository


@pytest.fixture
def cloud(expected: Expected) -> Iterator[Cloud]:
    """A project after the first ``firebase deploy`` in an organisation that forbids roles for ``allUsers``."""
    with Cloud() as here:
        here.answers = {FUNCTIONS: [{"functions": [function(spec) for spec in expected.functions]}]}
        here.answers |= services(expected)
        for spec in expected.functions:
            here.answers[f"/v2/{service_of(spec)}"] = [{"name": service_of(spec)}]
            here.answers[f"/v2/{service_of(spec)}:getIamPolicy"] = [{"etag": "BwY="}]
        yield here


def test_callables_can_be_called_without_a_role_for_all_users(cloud: Cloud, expected: Expected) -> None:
    grant(expected, cloud.apis())
    paths = {f"/v2/{service_of(spec)}" for spec in expected.functions if spec.name in expected.callables}
    opened = [(path, body) for path, body in cloud.changes if path in paths]
    assert {path for path, _ in opened} == paths
    assert len(opened) == len(paths)
    assert all(body == {"invokerIamDisabled": True} for _, body in opened)
    changed = [target for method, target in cloud.asked if method == "PATCH" and ":setIamPolicy" not in target]
    assert all("updateMask=invokerIamDisabled" in target for target in changed)
    assert "allUsers" not in str(cloud.changes)


def test_each_other_function_may_be_called_by_its_own_account_only(cloud: Cloud, expected: Expected) -> None:
    grant(expected, cloud.apis())
    granted = {path: body["policy"] for path, body in cloud.changes if path.endswith(":setIamPolicy")}
    others = [spec for spec in expected.functions if spec.name not in expected.callables]
    assert granted.keys() == {f"/v2/{service_of(spec)}:setIamPolicy" for spec in others}
    for spec in others:
        policy = granted[f"/v2/{service_of(spec)}:setIamPolicy"]
        members = [f"serviceAccount:{account_of(spec)}"]
        assert policy == {"etag": "BwY=", "bindings": [{"role": "roles/run.invoker", "members": members}]}


def test_second_run_changes_nothing(cloud: Cloud, expected: Expected) -> None:
    grant(expected, cloud.apis())
    cloud.changes.clear()
    grant(expected, cloud.apis())
    assert cloud.changes == []


def test_roles_that_others_have_granted_stay(cloud: Cloud, expected: Expected) -> None:
    sweep = next(spec for spec in expected.functions if spec.name == "sweep")
    before = {"role": "roles/run.viewer", "members": ["user:operator@shop.example"]}
    cloud.answers[f"/v2/{service_of(sweep)}:getIamPolicy"] = [{"bindings": [before]}]
    grant(expected, cloud.apis())
    (policy,) = (body["policy"] for path, body in cloud.changes if path == f"/v2/{service_of(sweep)}:setIamPolicy")
    assert before in policy["bindings"]
    assert len(policy["bindings"]) == 2


def test_policy_that_forbids_it_is_named_with_both_ways_out(cloud: Cloud, expected: Expected) -> None:
    message = "Constraint constraints/run.managed.requireInvokerIam violated"
    for spec in expected.functions:
        if spec.name in expected.callables:
            cloud.failures[f"/v2/{service_of(spec)}"] = [
                (200, {"name": service_of(spec)}),
                error(400, "FAILED_PRECONDITION", message),
            ]
    with pytest.raises(FailedPrecondition) as caught:
        grant(expected, cloud.apis())
    for word in (message, "run.managed.requireInvokerIam", "iam.allowedPolicyMemberDomains", "--member=allUsers"):
        assert word in str(caught.value)


def test_function_that_is_not_deployed_is_left_to_the_status(cloud: Cloud, expected: Expected) -> None:
    cloud.answers[FUNCTIONS] = [{"functions": []}]
    grant(expected, cloud.apis())
    assert cloud.changes == []
