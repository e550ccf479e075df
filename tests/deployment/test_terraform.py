"""The Terraform configuration, as far as it can be checked without Google's providers."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.terraform_files import FOLDER, blocks, files, locals_, named, needs_terraform, references

ROOT = FOLDER.parent.parent
FOLDERS = ("catalog_jobs", "functions", "shared")
CODE = "\n".join(path.read_text() for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))

PIPELINE = "google_project_iam_member.pipeline_owns"


def terraform(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "empty.tfrc").touch()
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(folder / "empty.tfrc"), "TF_IN_AUTOMATION": "1"}
    command = ["terraform", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@needs_terraform
def test_files_are_formatted(tmp_path: Path) -> None:
    done = terraform(tmp_path, "fmt", "-check", "-diff", "-recursive", str(FOLDER))
    assert (done.returncode, done.stdout) == (0, "")


def test_each_variable_is_described_used_and_validated() -> None:
    variables = named("variable")
    assert set(variables) == references(r"\bvar\.(\w+)")
    assert [name for name, v in variables.items() if not v["description"].endswith(".")] == []
    assert [name for name, v in variables.items() if "validation" not in v and v["type"] != "bool"] == []


def test_each_output_is_described() -> None:
    assert all(output["description"].endswith(".") for output in named("output").values())


def test_references_exist() -> None:
    known = set(blocks("resource")) | set(blocks("data"))
    referred = references(r"(?<![\w.\"-])((?:data\.)?(?:google|terraform)_\w+\.\w+)")
    assert referred
    assert referred - known == set()
    assert references(r"\blocal\.(\w+)") - set(locals_()) == set()


def test_each_resource_depends_on_the_enabled_services() -> None:
    """Without that, the order of a first deployment is undefined."""
    resources = blocks("resource") | blocks("data")
    waiting = {"google_project_service.used", "google_project_service.budgets"}
    while more := {a for a, body in resources.items() if a not in waiting and mentions(body, waiting)}:
        waiting |= more
    assert set(resources) - waiting == set()


def mentions(body: Any, addresses: set[str]) -> bool:
    text = json.dumps(body)
    through = set(re.findall(r"\blocal\.(\w+)", text))
    return any(a in text for a in addresses) or any(mentions(locals_()[name], addresses) for name in through)


def test_each_role_has_a_reason() -> None:
    for grants in (locals_()["project_roles"], locals_()["bucket_roles"]):
        assert [name for name, grant in grants.items() if not grant["reason"].endswith(".")] == []
    everything = "\n".join((FOLDER / file).read_text() for file in files())
    alone = re.findall(r'(.*)\nresource "google_\w+_iam_member" "(?!granted)\w+"', everything)
    members = [address for address in blocks("resource") if "_iam_member." in address]
    assert len(alone) == len([address for address in members if not address.endswith(".granted")])
    assert all(line.startswith("# Reason: ") for line in alone)


def test_no_account_but_the_pipelines_has_a_role_of_owner_editor_or_admin() -> None:
    others = {address: body for address, body in blocks("resource").items() if address != PIPELINE}
    roles = set(re.findall(r"roles/[\w.]+", json.dumps([*others.values(), locals_()])))
    assert roles
    assert {role for role in roles if re.search(r"owner|editor|admin", role, re.IGNORECASE)} == set()
    kinds = {address.split(".")[0] for address in blocks("resource") if "_iam_" in address}
    assert {kind for kind in kinds if kind.endswith(("_iam_policy", "_iam_binding"))} == set()


def test_no_account_may_call_every_function() -> None:
    """Each function may be called by its own events or by browsers: closetspace cloud access grants that."""
    granted = [grant["role"] for grant in locals_()["project_roles"].values()]
    assert "roles/run.invoker" not in granted


def test_service_agents_are_made_with_their_roles_before_anything_is_built() -> None:
    agents = blocks("resource")["google_project_service_identity.agent"]
    assert re.findall(r"\w+\.googleapis\.com", agents["for_each"]) == [
        "eventarc.googleapis.com",
        "pubsub.googleapis.com",
    ]
    roles = locals_()["project_roles"]
    for name in ("eventarc", "pubsub"):
        grant = roles[f"{name}_agent"]
        assert grant["role"] == f"roles/{name}.serviceAgent"
        assert f'agent["{name}.googleapis.com"]' in grant["member"]
    foundation = blocks("resource")["terraform_data.foundation"]
    assert "${google_project_iam_member.granted}" in foundation["depends_on"]


def test_only_one_repository_branch_and_environment_deploys_and_without_a_key() -> None:
    resources = blocks("resource")
    provider = resources["google_iam_workload_identity_pool_provider.pipeline"]
    condition = provider["attribute_condition"]
    claims = {"repository_id": "github_repository_id", "environment": "github_environment", "ref": "github_branch"}
    assert all(
        re.search(rf"assertion\.{claim} == '[\w/]*\${{var\.{name}}}'", condition) for claim, name in claims.items()
    )
    assert condition.count("assertion.") == condition.count(" == ") == 3
    assert resources[PIPELINE]["member"] == "${each.value.member}"
    assert resources[PIPELINE]["for_each"] == "${google_service_account.deploy}"
    becomes = resources["google_service_account_iam_member.pipeline_deploys"]["member"]
    assert becomes.endswith("/attribute.repository_id/${var.github_repository_id}")
    assert not any(address.startswith("google_service_account_key") for address in resources)
    assert named("variable")["github_repository_id"]["default"] == ""


def test_catalog_job_has_no_role_on_project_or_photos() -> None:
    member = "${local.catalog}"
    assert [name for name, grant in locals_()["project_roles"].items() if grant["member"] == member] == []
    buckets = [grant["bucket"] for grant in locals_()["bucket_roles"].values() if grant["member"] == member]
    assert buckets == ["${google_storage_bucket.catalog.name}"]


def test_deleted_photos_are_gone_at_once() -> None:
    photos = blocks("resource")["google_storage_bucket.photos"]
    assert photos["soft_delete_policy"] == [{"retention_duration_seconds": 0}]
    assert photos["versioning"] == [{"enabled": False}]


def test_catalogs_bucket_keeps_versions_for_some_days() -> None:
    catalog = blocks("resource")["google_storage_bucket.catalog"]
    assert catalog["versioning"] == [{"enabled": True}]
    conditions = [rule["condition"][0] for rule in catalog["lifecycle_rule"]]
    assert {"days_since_noncurrent_time": "${var.version_days}"} in conditions


def test_database_can_be_restored_to_any_minute() -> None:
    database = blocks("resource")["google_firestore_database.main"]
    assert "POINT_IN_TIME_RECOVERY_ENABLED" in database["point_in_time_recovery_enablement"]
    assert named("variable")["point_in_time_recovery"]["default"] is True


def test_data_cannot_be_destroyed_and_no_bucket_is_public() -> None:
    resources = blocks("resource")
    for address in ("google_firestore_database.main", "google_storage_bucket.photos", "google_storage_bucket.catalog"):
        assert resources[address]["lifecycle"] == [{"prevent_destroy": True}]
    buckets = [body for address, body in resources.items() if address.startswith("google_storage_bucket.")]
    assert len(buckets) == 3
    assert all(b["public_access_prevention"] == "enforced" and b["uniform_bucket_level_access"] for b in buckets)


def test_indexes_come_from_the_file_of_the_local_stack() -> None:
    assert "firestore.indexes.json" in locals_()["firestore"]
    assert json.loads((FOLDER.parent / "firestore.indexes.json").read_text()).keys() == {"indexes", "fieldOverrides"}
    resources = blocks("resource")
    assert "local.firestore.indexes" in resources["google_firestore_index.composite"]["for_each"]
    assert "local.firestore.fieldOverrides" in resources["google_firestore_field.override"]["for_each"]


def test_each_bucket_of_browsers_has_its_rules() -> None:
    for bucket in locals_()["browser_buckets"].values():
        assert (FOLDER / bucket["rules"].replace("${path.module}", ".")).is_file()
    catalog = re.sub(r"//.*", "", (FOLDER.parent / "catalog.rules").read_text())
    assert set(re.findall(r"allow ([\w, ]+):", catalog)) == {"get"}


def test_job_gets_the_variables_that_it_reads_and_no_others() -> None:
    environment = set(
        re.findall(r"\b([A-Z][A-Z_]+) = ", locals_()["refresh_environment"] + locals_()["refresh_secrets"])
    )
    read_by_libraries = {"GOOGLE_CLOUD_PROJECT"}
    assert {"CLOSETSPACE_STORE", "SCRAPFLY_KEY"} < environment
    assert {name for name in environment - read_by_libraries if name not in CODE} == set()


def test_functions_get_the_variables_that_they_read_and_no_others() -> None:
    names = set(re.findall(r"\b([A-Z][A-Z_]+) = ", named("output")["functions_env"]["value"]))
    assert {"PHOTO_BUCKET", "INDEX_STORE", "SERVICE_ACCOUNT"} < names
    deployed = "\n".join((ROOT / p).read_text() for p in ("functions/main.py", "shared/closetspace/settings.py"))
    assert {name for name in names if f'"{name}"' not in deployed} == set()


def test_secrets_have_no_value_in_terraform() -> None:
    assert not any(address.startswith("google_secret_manager_secret_version") for address in blocks("resource"))
    key = blocks("resource")["google_cloud_run_v2_job.refresh"]["template"][0]["template"][0]["containers"][0]
    references = [each["env"]["content"][0].get("value_source") for each in key["dynamic"]]
    assert [{"secret_key_ref": [{"secret": "${env.value}", "version": "latest"}]}] in references


def test_schedule_starts_the_job_as_an_authorised_account() -> None:
    resources = blocks("resource")
    job = resources["google_cloud_scheduler_job.refresh"]
    target = job["http_target"][0]
    assert target["uri"] == "https://run.googleapis.com/v2/${google_cloud_run_v2_job.refresh.id}:run"
    assert target["oauth_token"][0]["service_account_email"] == "${google_service_account.scheduler.email}"
    assert resources["google_cloud_run_v2_job_iam_member.scheduler_runs_refresh"]["role"] == "roles/run.invoker"
    assert named("variable")["refresh_schedule"]["default"] == "0 3 * * *"


def test_sweeper_is_scheduled_by_its_function_only() -> None:
    assert [a for a in blocks("resource") if a.startswith("google_cloud_scheduler_job.")] == [
        "google_cloud_scheduler_job.refresh"
    ]
    assert "scheduler_fn.on_schedule" in (ROOT / "functions" / "main.py").read_text()


def test_each_alert_is_in_the_operators_guide() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    alerts = locals_()["alerts"]
    assert set(alerts) == {
        *("function_errors", "refresh_failed", "refresh_late", "index_old"),
        *("items_unsettled", "items_given_up", "items_lost", "photos_removed", "sweeper_silent"),
    }
    assert [alert["name"] for alert in alerts.values() if f"### {alert['name']}\n" not in guide] == []


def test_alerts_about_refreshes_wait_for_a_schedule() -> None:
    assert set(locals_()["refresh_alerts"]) == {"refresh_late", "index_old"}
    made = blocks("resource")["google_monitoring_alert_policy.alert"]["for_each"]
    assert "var.refresh_paused && contains(local.refresh_alerts, name)" in made


VALUES = {
    "project": "closetspace-demo",
    "region": "europe-west1",
    "firestore_location": "europe-west1",
    "alert_email": "operator@shop.example",
}


@pytest.fixture(scope="module")
def variables_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The variables without the resources, whose providers their validation does not need."""
    folder = tmp_path_factory.mktemp("variables")
    shutil.copy(FOLDER / "variables.tf", folder)
    done = terraform(folder, "init", "-input=false")
    assert done.returncode == 0, done.stderr
    return folder


def checked(folder: Path, **values: str) -> "subprocess.CompletedProcess[str]":
    options = [f"-var={name}={value}" for name, value in (VALUES | values).items()]
    return terraform(folder, "plan", "-input=false", "-no-color", *options)


@needs_terraform
def test_valid_values_are_accepted(variables_alone: Path) -> None:
    done = checked(variables_alone, billing_account="012345-6789AB-CDEF01", refresh_tasks="40", refresh_memory="16Gi")
    assert done.returncode == 0, done.stderr


@needs_terraform
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("project", "Closet Space", "6 to 30 lower-case letters"),
        ("region", "Europe", "looks like us-central1"),
        ("alert_email", "nobody", "valid e-mail address"),
        ("billing_account", "1234", "012345-6789AB-CDEF01"),
        ("refresh_schedule", "every day", "five fields"),
        ("refresh_tasks", "20000", "10,000 tasks"),
        ("image", "catalog", "its registry and its tag"),
        ("github_repository_id", "owner/name", "id is a number"),
        ("github_branch", "main' || true || '", "no quotation marks"),
        ("functions_settings", '{"ENCODER": "a\\nSERVICE_ACCOUNT=b"}', "no blanks, line breaks"),
    ],
)
def test_invalid_value_is_refused_with_the_format(variables_alone: Path, name: str, value: str, message: str) -> None:
    done = checked(variables_alone, **{name: value})
    assert done.returncode != 0
    assert message in " ".join(re.sub(r"[│╷╵]", " ", done.stderr).split())
