"""``closetspace cloud status``: the real clients against a server that speaks the APIs' REST protocol."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from catalog_jobs.catalog.run_records import Report, RunRecord, RunRecords
from catalog_jobs.cli.cloud_status import print_status, status
from catalog_jobs.operations.cloud_status.deployed import AdminApis, Catalog, mebibytes, read_deployed
from catalog_jobs.operations.cloud_status.differences import Severity, catalog_differences
from catalog_jobs.operations.cloud_status.expected import (
    REFRESH_JOB,
    STORE_VARIABLE,
    Expected,
    Function,
    read_expected,
)
from catalog_jobs.operations.cloud_status.report import Status, rows
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import FailedPrecondition, Transient
from closetspace.ports import ObjectStore
from tests.support.google_cloud import (
    EXECUTION,
    FUNCTIONS,
    JOB,
    PROJECT,
    REGION,
    SCHEDULES,
    STORE,
    Cloud,
    Json,
    account_of,
    error,
    function,
    job,
    schedule,
    service_of,
    services,
)
from tests.support.paths import REPOSITORY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def cloud(repository: Expected) -> Iterator[Cloud]:
    """A project in which everything is as the repository expects."""
    refresh = f"https://run.googleapis.com{JOB}:run"
    sweeps = [schedule(name, when) for name, when in repository.schedules.items()]
    with Cloud() as here:
        here.answers = {
            FUNCTIONS: [{"functions": [function(spec)]} for spec in repository.functions],
            JOB: [job()],
            f"/v2/{EXECUTION}": [{"name": EXECUTION, "failedCount": 1, "logUri": "https://log.example"}],
            SCHEDULES: [{"jobs": sweeps}, {"jobs": [schedule("catalog-refresh", "0 3 * * *", refresh)]}],
            **services(repository),
        }
        yield here


def store(*, days: float = 0, **record: Any) -> ObjectStore:
    """Return a store with an index in use and a run that began so many days ago."""
    objects = MemoryObjects()
    current = {"version": "v1", "manifest_sha256": "0", "published_at": NOW.isoformat(), "history": []}
    objects.write("index/current.json", json.dumps(current).encode())
    began = NOW - timedelta(days=days, hours=9)
    kept = {"finished": began + timedelta(minutes=4), "report": Report(published=True, version="v1"), **record}
    RunRecords(objects).write(RunRecord(run="20261124T030000000Z-ab12", started=began, **kept))
    return objects


def read_status(expected: Expected, apis: AdminApis, objects: ObjectStore) -> Status:
    return Status.compare(expected, read_deployed(expected, apis, lambda _: objects), NOW)


def look(cloud: Cloud, repository: Expected, objects: ObjectStore | None = None, at: str | None = None) -> Status:
    """Return the status, with the job's store or the one of ``at``."""
    return read_status(replace(repository, store=at), cloud.apis(), objects or store())


def found(status: Status) -> list[tuple[str, str, str, str]]:
    return [(f.thing, f.what, f.expected, f.found) for f in status.findings]


def spec_of(repository: Expected, name: str) -> Function:
    return next(spec for spec in repository.functions if spec.name == name)


def answer_functions(cloud: Cloud, repository: Expected, change: Callable[[Function], Json | None]) -> None:
    answers = [change(spec) for spec in repository.functions]
    cloud.answers[FUNCTIONS] = [{"functions": [answer for answer in answers if answer]}]


def test_deployment_as_expected_has_no_findings_with_any_paging(cloud: Cloud, repository: Expected) -> None:
    status = look(cloud, repository)
    assert found(status) == []
    there = [replace(one.function, bucket=None, account=None) for one in status.deployed.functions]
    assert there == list(repository.functions)
    assert len([path for _, path in cloud.asked if path.startswith(FUNCTIONS)]) == len(repository.functions)
    assert all(row.ok for row in rows(status, NOW))


def test_missing_function_is_found(cloud: Cloud, repository: Expected) -> None:
    answer_functions(cloud, repository, lambda spec: None if spec.name == "sweep" else function(spec))
    status = look(cloud, repository)
    assert found(status) == [("function sweep", "deployed in", REGION, "none")]
    assert [(row.thing, row.state) for row in rows(status, NOW) if not row.ok] == [
        ("function sweep", "deployed in: none")
    ]
    assert status.findings[0].severity == Severity.BROKEN
    assert status.findings[0].advice == f"firebase deploy --only functions:sweep --project {PROJECT}"


def test_unknown_function_is_found_with_the_command_to_delete_it(cloud: Cloud, repository: Expected) -> None:
    other = replace(spec_of(repository, "recommend"), name="get_recommendations")
    cloud.answers[FUNCTIONS].append({"functions": [function(other)]})
    status = look(cloud, repository)
    assert found(status) == [("function get_recommendations", "deployed in", "none", REGION)]
    assert "firebase functions:delete get_recommendations" in status.findings[0].advice


def test_function_of_another_codebase_is_ignored(cloud: Cloud, repository: Expected) -> None:
    other = replace(spec_of(repository, "recommend"), name="newsletter")
    labels = {"firebase-functions-codebase": "marketing"}
    cloud.answers[FUNCTIONS].append({"functions": [function(other, labels=labels)]})
    assert found(look(cloud, repository)) == []


def test_function_in_another_region_is_missing_here_and_surplus_there(cloud: Cloud, repository: Expected) -> None:
    def move(spec: Function) -> Json:
        return function(replace(spec, region="europe-west1") if spec.name == "feedback" else spec)

    answer_functions(cloud, repository, move)
    assert found(look(cloud, repository)) == [
        ("function feedback", "deployed in", REGION, "none"),
        ("function feedback", "deployed in", REGION, "europe-west1"),
    ]


def test_each_setting_of_a_function_that_differs_is_found(cloud: Cloud, repository: Expected) -> None:
    def shrink(spec: Function) -> Json:
        small = {"memory_mb": 256, "cpu": 0.583, "concurrency": 1, "timeout_seconds": 60, "max_instances": 3}
        older = replace(spec, runtime="python310", **small)  # type: ignore[arg-type]
        return function(older if spec.name == "recommend" else spec)

    answer_functions(cloud, repository, shrink)
    wanted = spec_of(repository, "recommend")
    assert found(look(cloud, repository)) == [
        ("function recommend", "runtime", str(wanted.runtime), "python310"),
        ("function recommend", "memory (MiB)", str(wanted.memory_mb), "256"),
        ("function recommend", "cpu", f"{wanted.cpu:g}", "0.583"),
        ("function recommend", "concurrency", str(wanted.concurrency), "1"),
        ("function recommend", "timeout (s)", str(wanted.timeout_seconds), "60"),
        ("function recommend", "most instances", str(wanted.max_instances), "3"),
    ]


def test_function_with_another_service_account_is_found(cloud: Cloud, repository: Expected) -> None:
    account = f"closetspace-functions@{PROJECT}.iam.gserviceaccount.com"
    expected = replace(repository, functions=tuple(replace(spec, account=account) for spec in repository.functions))
    wrong = [replace(spec, account=None) if spec.name == "sweep" else spec for spec in expected.functions]
    cloud.answers[FUNCTIONS] = [{"functions": list(map(function, wrong))}]
    cloud.answers |= services(replace(expected, functions=tuple(wrong)))
    assert found(look(cloud, expected)) == [
        ("function sweep", "service account", account, f"1234-compute@{PROJECT}.iam.gserviceaccount.com")
    ]


def test_callable_that_browsers_cannot_call_is_found(cloud: Cloud, repository: Expected) -> None:
    """What an organisation's policy leaves: the service is there, but without a role for allUsers."""
    cloud.answers[f"/v2/{service_of(spec_of(repository, 'recommend'))}"] = [{"invokerIamDisabled": False}]
    status = look(cloud, repository)
    assert found(status) == [("function recommend", "may be called by", "anyone", "none")]
    assert status.findings[0].severity == Severity.BROKEN
    assert status.findings[0].advice == f"closetspace cloud access --project {PROJECT}"


def test_callable_with_a_role_for_all_users_is_as_expected(cloud: Cloud, repository: Expected) -> None:
    path = f"/v2/{service_of(spec_of(repository, 'recommend'))}"
    cloud.answers[path] = [{"invokerIamDisabled": False}]
    cloud.answers[f"{path}:getIamPolicy"] = [{"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}]
    assert found(look(cloud, repository)) == []


def test_function_that_its_events_cannot_reach_is_found(cloud: Cloud, repository: Expected) -> None:
    spec = spec_of(repository, "item_written")
    cloud.answers[f"/v2/{service_of(spec)}:getIamPolicy"] = [{}]
    expected = ("function item_written", "may be called by", f"serviceAccount:{account_of(spec)}", "none")
    assert found(look(cloud, repository)) == [expected]


def test_function_of_events_that_anyone_may_call_is_found(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[f"/v2/{service_of(spec_of(repository, 'sweep'))}"] = [{"invokerIamDisabled": True}]
    status = look(cloud, repository)
    assert found(status) == [("function sweep", "may be called by", "its own events", "anyone")]
    assert status.findings[0].severity == Severity.DIFFERS


def test_trigger_without_retry_or_with_another_pattern_is_found(cloud: Cloud, repository: Expected) -> None:
    def deafen(spec: Function) -> Json:
        other = replace(spec, retry=False, document="clothes/{itemId}")
        return function(other if spec.name == "item_written" else spec)

    answer_functions(cloud, repository, deafen)
    status = look(cloud, repository)
    assert found(status) == [
        ("function item_written", "retry", "yes", "no"),
        ("function item_written", "documents", "wardrobe/{itemId}", "clothes/{itemId}"),
    ]
    assert [f.severity for f in status.findings] == [Severity.BROKEN, Severity.DIFFERS]


def test_failed_deployment_of_a_function_has_the_reason(cloud: Cloud, repository: Expected) -> None:
    def fail(spec: Function) -> Json:
        messages = [{"severity": "ERROR", "type": "BuildFailed", "message": "Build failed: out of memory"}]
        return function(spec, **({"state": "FAILED", "stateMessages": messages} if spec.name == "sweep" else {}))

    answer_functions(cloud, repository, fail)
    assert found(look(cloud, repository)) == [
        ("function sweep", "state", "ACTIVE", "FAILED: Build failed: out of memory")
    ]


def test_function_that_is_being_deployed_only_differs(cloud: Cloud, repository: Expected) -> None:
    answer_functions(
        cloud, repository, lambda spec: function(spec, state="DEPLOYING" if spec.name == "sweep" else "ACTIVE")
    )
    (finding,) = look(cloud, repository).findings
    assert (finding.severity, finding.advice) == (Severity.DIFFERS, "wait")


def test_region_that_does_not_answer_is_found(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[FUNCTIONS][0]["unreachable"] = ["europe-west1"]
    assert found(look(cloud, repository)) == [("region europe-west1", "answers", "yes", "no")]


def test_functions_that_read_another_store_than_the_job_writes_are_found(cloud: Cloud, repository: Expected) -> None:
    def elsewhere(spec: Function) -> Json:
        answer = function(spec)
        config = json.dumps({"projectId": PROJECT, "storageBucket": f"{PROJECT}.firebasestorage.app"})
        answer["serviceConfig"]["environmentVariables"] = {"FIREBASE_CONFIG": config}
        return answer

    answer_functions(cloud, repository, elsewhere)
    assert found(look(cloud, repository)) == [
        ("functions", "INDEX_STORE", STORE, f"gs://{PROJECT}.firebasestorage.app")
    ]


@pytest.mark.parametrize(
    ("written", "mib"), [("512Mi", 512), ("2Gi", 2048), ("1G", 954), ("256M", 244), ("1073741824", 1024), ("", None)]
)
def test_memory_is_parsed_in_any_unit(written: str, mib: int | None) -> None:
    assert mebibytes(written) == mib


def test_missing_job_is_found_with_the_command_to_deploy_it(cloud: Cloud, repository: Expected) -> None:
    del cloud.answers[JOB]
    status = look(cloud, repository)
    assert found(status) == [("job catalog-refresh", "deployed in", REGION, "none")]
    assert "closetspace cloud deploy" in status.findings[0].advice
    assert status.deployed.catalog is None


def test_failed_execution_is_found_with_its_log(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[JOB] = [job("EXECUTION_FAILED")]
    status = look(cloud, repository)
    assert found(status) == [("job catalog-refresh", "last execution", "SUCCEEDED", "FAILED, 1 tasks failed")]
    assert "https://log.example" in status.findings[0].advice


def test_deleted_execution_keeps_its_status(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[JOB] = [job("EXECUTION_CANCELLED")]
    del cloud.answers[f"/v2/{EXECUTION}"]
    status = look(cloud, repository)
    assert found(status) == [("job catalog-refresh", "last execution", "SUCCEEDED", "CANCELLED")]
    assert "gcloud run jobs executions describe catalog-refresh-x7k2p" in status.findings[0].advice


def test_running_refresh_is_no_finding(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[JOB] = [job("EXECUTION_RUNNING")]
    assert found(look(cloud, repository)) == []


def test_job_and_variable_have_the_names_of_terraform() -> None:
    terraform = (REPOSITORY / "infra" / "terraform" / "job.tf").read_text()
    assert re.search(rf'name += "{REFRESH_JOB}"', terraform)
    assert re.search(rf"{STORE_VARIABLE} += ", terraform)


def test_schedule_of_the_refresh_may_be_paused_without_shops(cloud: Cloud, repository: Expected) -> None:
    refresh = f"https://run.googleapis.com{JOB}:run"
    cloud.answers[SCHEDULES][1] = {"jobs": [schedule("catalog-refresh", "0 3 * * *", refresh, state="PAUSED")]}
    assert found(look(cloud, replace(repository, refreshes=False))) == []
    assert found(look(cloud, repository)) == [("schedule catalog-refresh", "state", "ENABLED", "PAUSED")]


def test_new_deployment_with_a_first_catalog_has_no_findings(cloud: Cloud, repository: Expected) -> None:
    """The deployment ends with the status, long before the schedule has started the job."""
    fresh = job()
    del fresh["latestCreatedExecution"]
    cloud.answers[JOB] = [fresh]
    status = look(cloud, repository)
    assert found(status) == []
    assert ("job catalog-refresh", "never ran") in [(row.thing, row.state.split(";")[0]) for row in rows(status, NOW)]


def test_job_without_store_or_with_another_store_is_found(cloud: Cloud, repository: Expected) -> None:
    cloud.answers[JOB] = [job(store="")]
    assert ("job catalog-refresh", "CLOSETSPACE_STORE", STORE, "none") in found(look(cloud, repository, at=STORE))
    cloud.answers[JOB] = [job(store="gs://other")]
    assert ("job catalog-refresh", "CLOSETSPACE_STORE", STORE, "gs://other") in found(look(cloud, repository, at=STORE))


def test_schedules_must_exist_with_their_times_enabled_and_without_failures(cloud: Cloud, repository: Expected) -> None:
    (sweep,) = repository.schedules
    failed: Json = {"state": "PAUSED", "status": {"code": 13, "message": "INTERNAL"}}
    cloud.answers[SCHEDULES] = [{"jobs": [schedule(sweep, "every 24 hours", **failed)]}]
    assert found(look(cloud, repository)) == [
        (f"schedule {sweep}", "schedule", repository.schedules[sweep], "every 24 hours"),
        (f"schedule {sweep}", "state", "ENABLED", "PAUSED"),
        (f"schedule {sweep}", "last attempt", "answered", "INTERNAL"),
        ("schedule of the refresh", "deployed in", REGION, "none"),
    ]
    cloud.answers[SCHEDULES][0]["jobs"] = []
    assert (f"schedule {sweep}", "deployed in", REGION, "none") in found(look(cloud, repository))


def test_index_is_too_old_after_three_days_without_a_good_run(cloud: Cloud, repository: Expected) -> None:
    assert found(look(cloud, repository, store(days=2.5))) == []
    assert found(look(cloud, repository, store(days=4))) == [("index", "last refreshed", "within 3 days", "4 days ago")]
    assert found(look(cloud, replace(repository, refreshes=False), store(days=4))) == []


def test_refused_run_is_found_and_does_not_count_as_a_refresh(cloud: Cloud, repository: Expected) -> None:
    refused = "Refused, the index in use stays: items is 0.6, the bound is 0.85"
    status = look(cloud, repository, store(error=refused, report=Report()))
    assert found(status) == [
        ("index", "last refreshed", "within 3 days", "never"),
        ("refresh", "last run", "ended well", refused),
    ]
    assert status.findings[1].advice == f"closetspace catalog status --store {STORE}"


def test_store_without_an_index_is_found(cloud: Cloud, repository: Expected) -> None:
    assert found(look(cloud, repository, MemoryObjects())) == [("index", "in use", "a version", "none")]


def test_index_built_by_hand_is_as_fresh_as_its_build() -> None:
    catalog = Catalog(STORE, "v1", built=NOW - timedelta(days=1), last_run=None, last_good=None)
    assert list(catalog_differences(catalog, NOW)) == []


@pytest.mark.parametrize("path", [FUNCTIONS, JOB, SCHEDULES])
def test_disabled_api_is_named_with_the_command_to_enable_it(cloud: Cloud, repository: Expected, path: str) -> None:
    off = error(
        403, "PERMISSION_DENIED", "API has not been used in project before or it is disabled.", "SERVICE_DISABLED"
    )
    cloud.failures[path] = [off]
    with pytest.raises(FailedPrecondition, match=rf"gcloud services enable \w+\.googleapis\.com --project {PROJECT}"):
        look(cloud, repository)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        (FUNCTIONS, "roles/cloudfunctions.viewer"),
        (JOB, "roles/run.viewer"),
        (SCHEDULES, "roles/cloudscheduler.viewer"),
    ],
)
def test_missing_permission_names_the_role(cloud: Cloud, repository: Expected, path: str, role: str) -> None:
    cloud.failures[path] = [error(403, "PERMISSION_DENIED", "Permission denied on resource", "IAM_PERMISSION_DENIED")]
    with pytest.raises(FailedPrecondition, match=role):
        look(cloud, repository)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), "gcloud auth"),
        (error(404, "NOT_FOUND", "Project was not found"), "check --project"),
        (error(400, "INVALID_ARGUMENT", "Invalid resource field value"), "refuses the request"),
    ],
)
def test_other_refusals_name_the_next_step(
    cloud: Cloud, repository: Expected, answer: tuple[int, Json], message: str
) -> None:
    cloud.failures[FUNCTIONS] = [answer]
    with pytest.raises(FailedPrecondition, match=message):
        look(cloud, repository)


def test_transient_failure_is_retried(cloud: Cloud, repository: Expected) -> None:
    unavailable = error(503, "UNAVAILABLE", "The service is currently unavailable.")
    seen = [unavailable]
    answers = cloud.answer

    def once(method: str, target: str) -> tuple[int, Json]:
        return seen.pop() if seen and JOB in target else answers(method, target)

    cloud.answer = once  # type: ignore[method-assign]
    assert found(look(cloud, repository)) == []


def test_lasting_failure_raises_transient(cloud: Cloud, repository: Expected) -> None:
    cloud.failures[SCHEDULES] = [error(503, "UNAVAILABLE", "The service is currently unavailable.")]
    with pytest.raises(Transient, match=r"cloudscheduler\.googleapis\.com does not answer"):
        cloud.apis(seconds=1).schedules(PROJECT, REGION)


def test_unreachable_api_raises_transient() -> None:
    with Cloud() as gone:
        apis = gone.apis(seconds=1)
    with pytest.raises(Transient, match="does not answer"):
        apis.functions(PROJECT)


def test_settings_files_override_each_other_as_in_a_deployment(tmp_path: Path) -> None:
    shutil.copytree(
        REPOSITORY / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns("closetspace", ".env*")
    )
    (tmp_path / "firebase.json").write_text((REPOSITORY / "firebase.json").read_text())
    (tmp_path / "shared").symlink_to(REPOSITORY / "shared")
    (tmp_path / "functions" / ".env").write_text("CLOSETSPACE_REGION=europe-west1\nWARDROBE_COLLECTION=clothes\n")
    (tmp_path / "functions" / f".env.{PROJECT}").write_text(
        '# as deployed\nCLOSETSPACE_REGION="europe-west4"\nPHOTO_BUCKET=photos\n'
    )
    expected = read_expected(PROJECT, None, None, tmp_path)
    assert expected.region == "europe-west4"
    assert list(expected.schedules) == ["firebase-schedule-sweep-europe-west4"]
    assert spec_of(expected, "item_written").document == "clothes/{itemId}"
    assert spec_of(expected, "photo_deleted").bucket == "photos"
    assert {spec.region for spec in read_expected(PROJECT, "us-east1", None, tmp_path).functions} == {"us-east1"}


def test_missing_or_broken_main_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="clone of the repository"):
        read_expected(PROJECT, None, None, tmp_path)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "main.py").write_text("raise ValueError('no such setting')")
    with pytest.raises(FailedPrecondition, match="ValueError: no such setting"):
        read_expected(PROJECT, None, None, tmp_path)


def printed(status: Status, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> tuple[int, str]:
    """Return the exit status of the command and its output."""
    code = 0
    try:
        print_status(status, NOW, as_json)
    except typer.Exit as ending:
        code = ending.exit_code
    return code, capsys.readouterr().out


def test_exit_status_is_0_only_without_findings(
    cloud: Cloud, repository: Expected, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, text = printed(look(cloud, repository), capsys)
    assert code == 0
    assert f"{PROJECT} is deployed as the repository expects." in text
    assert "differs" not in text
    cloud.answers[JOB] = [job("EXECUTION_FAILED")]
    code, text = printed(look(cloud, repository), capsys)
    assert code == 1
    assert "broken job catalog-refresh: last execution should be SUCCEEDED, is FAILED" in text


def test_json_is_one_object(cloud: Cloud, repository: Expected, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.answers[JOB] = [job("EXECUTION_FAILED")]
    code, text = printed(look(cloud, repository), capsys, as_json=True)
    result: Mapping[str, Any] = json.loads(text)
    assert code == 1
    assert result["ok"] is False
    assert result["findings"][0]["severity"] == "broken"
    assert result["job"]["last"]["began"].startswith("2026-11-24T03:00:01")
    assert len(result["functions"]) == len(repository.functions)
    assert result["catalog"]["last_run"]["run"] == "20261124T030000000Z-ab12"


def test_missing_credentials_name_the_command_to_log_in(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(status)
    nowhere = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json"), "COLUMNS": "400"}
    result = CliRunner().invoke(app, ["--project", PROJECT], env=nowhere)
    assert result.exit_code == 1
    assert "gcloud auth application-default login" in result.output
