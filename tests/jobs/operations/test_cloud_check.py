"""``closetspace cloud check``: quotas and policies, from a server that answers as Google's APIs."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
import typer

from catalog_jobs.cli.cloud_check import compare
from catalog_jobs.operations.cloud_check import CPU, MEMORY, LimitApis
from catalog_jobs.operations.cloud_limits import Limits, obstacles
from catalog_jobs.operations.cloud_status.expected import Expected, read_expected
from closetspace.errors import FailedPrecondition
from tests.support.google_cloud import PROJECT, Cloud, Json, error

QUOTA = f"/v1/projects/{PROJECT}/locations/global/services/run.googleapis.com/quotaInfos"
POLICY = f"/v2/projects/{PROJECT}/policies"
MEMBERS = f"{POLICY}/iam.allowedPolicyMemberDomains:getEffectivePolicy"
INVOKER_CHECK = f"{POLICY}/run.managed.requireInvokerIam:getEffectivePolicy"
SMALL = Limits(cpu=20, memory_mb=40 * 1024)


@pytest.fixture
def expected(repository: Expected) -> Expected:
    return repository


def quota(small: int, others: int) -> Json:
    """Return a quota with one value in us-central1 and another elsewhere."""
    here = {"dimensions": {"region": "us-central1"}, "details": {"value": str(small)}}
    elsewhere = {"details": {"value": str(others)}, "applicableLocations": ["europe-west1", "us-east1"]}
    return {"quotaId": CPU, "dimensionsInfos": [elsewhere, {**here, "applicableLocations": ["us-central1"]}]}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A small project without an organisation."""
    with Cloud() as here:
        here.answers = {
            f"{QUOTA}/{CPU}": [quota(20_000, 1_000_000)],
            f"{QUOTA}/{MEMORY}": [quota(40 * 2**30, 2_000 * 2**30)],
            MEMBERS: [{"spec": {"rules": [{"allowAll": True}]}}],
            INVOKER_CHECK: [{"spec": {"rules": [{"enforce": False}]}}],
        }
        yield here


def apis(cloud: Cloud) -> LimitApis:
    return LimitApis(requests.Session(), f"http://{cloud.address}", f"http://{cloud.address}", seconds=2)


def test_functions_fit_into_a_small_project(expected: Expected) -> None:
    assert list(obstacles(expected, SMALL)) == []


def test_instances_beyond_the_quota_are_refused_with_what_to_ask_for_and_where(
    cloud: Cloud, expected: Expected, capsys: pytest.CaptureFixture[str]
) -> None:
    functions = tuple(replace(f, max_instances=50) if f.name == "item_written" else f for f in expected.functions)
    with pytest.raises(typer.Exit) as ending:
        compare(replace(expected, functions=functions), apis(cloud))
    assert ending.value.exit_code == 1
    text = capsys.readouterr().out
    assert "function item_written: vCPU of all instances should be <= 20, is 100 (50 instances of 2)" in text
    assert "MiB of all instances should be <= 40960, is 102400" in text
    assert 'ask for 100 vCPU of "Total CPU allocation, per project per region" in us-central1' in text
    assert f"https://console.cloud.google.com/iam-admin/quotas?project={PROJECT}" in text


def test_settings_that_are_about_to_be_deployed_are_checked() -> None:
    """The file of the last deployment still has the old ones."""
    expected = read_expected(PROJECT, "us-central1", None, settings={"EMBEDDING_INSTANCES": "11"})
    found = {finding.thing for finding in obstacles(expected, SMALL)}
    assert found == {f"function {name}" for name in ("item_written", "photo_finalized", "photo_deleted")}


def test_quota_is_that_of_the_region(cloud: Cloud) -> None:
    assert apis(cloud).limits(PROJECT, "us-central1") == replace(
        SMALL, restricts_members=False, requires_invoker_check=False
    )
    assert apis(cloud).limits(PROJECT, "europe-west1").cpu == 1000


@pytest.mark.parametrize("infos", [[], [{"details": {"value": "-1"}}]])
def test_quota_without_a_limit_allows_everything(cloud: Cloud, expected: Expected, infos: list[Json]) -> None:
    for name in (CPU, MEMORY):
        cloud.answers[f"{QUOTA}/{name}"] = [{"dimensionsInfos": infos}]
    limits = apis(cloud).limits(PROJECT, "us-central1")
    assert (limits.cpu, limits.memory_mb) == (None, None)
    compare(expected, apis(cloud))


def test_domain_restricted_sharing_is_announced_and_does_not_stop(
    cloud: Cloud, expected: Expected, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.answers[MEMBERS] = [{"spec": {"rules": [{"values": {"allowedValues": ["C0abc"]}}]}}]
    compare(expected, apis(cloud))
    text = capsys.readouterr().out
    assert "forbidden by iam.allowedPolicyMemberDomains" in text
    assert "continue with --from functions" in text


def test_policies_that_keep_browsers_out_stop_with_the_ways_out(
    cloud: Cloud, expected: Expected, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.answers[MEMBERS] = [{"spec": {"rules": [{"denyAll": True}]}}]
    cloud.answers[INVOKER_CHECK] = [{"spec": {"rules": [{"enforce": True}]}}]
    with pytest.raises(typer.Exit):
        compare(expected, apis(cloud))
    assert "exempt the project from run.managed.requireInvokerIam" in capsys.readouterr().out


def test_policies_that_may_not_be_read_are_not_checked(cloud: Cloud, expected: Expected) -> None:
    for path in (MEMBERS, INVOKER_CHECK):
        cloud.failures[path] = [error(403, "PERMISSION_DENIED", "no orgpolicy.policy.get")]
    limits = apis(cloud).limits(PROJECT, "us-central1")
    assert (limits.restricts_members, limits.requires_invoker_check) == (None, None)
    compare(expected, apis(cloud))


def test_disabled_api_is_named_with_the_command_to_enable_it(cloud: Cloud) -> None:
    cloud.failures[f"{QUOTA}/{CPU}"] = [error(403, "PERMISSION_DENIED", "disabled", "SERVICE_DISABLED")]
    with pytest.raises(FailedPrecondition, match=r"gcloud services enable cloudquotas\.googleapis\.com"):
        apis(cloud).limits(PROJECT, "us-central1")


def test_request_is_charged_to_the_project_and_repeated_after_a_fault(cloud: Cloud) -> None:
    cloud.failures[f"{QUOTA}/{CPU}"] = [error(503, "UNAVAILABLE", "soon"), (200, quota(20_000, 0))]
    assert apis(cloud).limits(PROJECT, "us-central1").cpu == 20
