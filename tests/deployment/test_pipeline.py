"""The workflow that deploys: it has no key, and trusts no input."""

import re
import tomllib

import yaml

from closetspace_infra.deploy.programs import runtime_python
from tests.support.paths import REPOSITORY
from tests.support.terraform_files import named

TEXT = (REPOSITORY / ".github" / "workflows" / "deploy.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)
JOB = WORKFLOW["jobs"]["deploy"]
STEPS = {step.get("uses", step.get("run", "")).split("@")[0]: step for step in JOB["steps"]}


def test_identity_comes_from_github_and_no_secret_is_used() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in TEXT
    identity = STEPS["google-github-actions/auth"]["with"]
    pipeline = named("output")["pipeline"]
    for value in identity.values():
        (variable,) = re.findall(r"vars\.(\w+)", value)
        assert variable in pipeline["description"]
        assert variable in str(pipeline["value"])


def test_job_is_in_the_environment_that_the_provider_asks_for() -> None:
    assert JOB["environment"] == "${{ inputs.environment }}"
    assert set(WORKFLOW[True]) == {"workflow_dispatch"}


def test_inputs_reach_commands_as_variables_only() -> None:
    """An input that is pasted into a command would be run as one."""
    assert [step["run"] for step in JOB["steps"] if "${{" in step.get("run", "")] == []


def test_actions_are_named_by_commit() -> None:
    uses = re.findall(r"uses: (\S+)", TEXT)
    assert uses
    assert [name for name in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def test_python_is_that_of_the_functions() -> None:
    version = STEPS["actions/setup-python"]["with"]["python-version"]
    assert f"python{version}" == runtime_python(REPOSITORY)


def test_all_tests_run_on_the_oldest_python_and_on_that_of_the_functions() -> None:
    jobs = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "check.yml").read_text())["jobs"]
    oldest = next(step["with"] for step in jobs["linux"]["steps"] if "setup-python" in step.get("uses", ""))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={oldest['python-version']}"
    assert f"python{jobs['pythons']['strategy']['matrix']['python'][-1]}" == runtime_python(REPOSITORY)
