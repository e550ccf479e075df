"""What should be deployed, according to the repository, by the discovery that a deployment itself uses."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

Endpoint = Mapping[str, Any]

REPOSITORY = Path(__file__).resolve().parents[3]
"""The clone, if this is one: the image of the job has neither functions nor firebase.json."""

REFRESH_JOB = "catalog-refresh"
"""The Cloud Run job that refreshes the catalog, as Terraform names it."""

STORE_VARIABLE = "CLOSETSPACE_STORE"
"""The environment variable with the job's store."""

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

_SOURCE = "functions"

_DISCOVERY = """
from firebase_functions.private import serving
print(serving.functions_as_yaml(serving.get_functions()))
"""


@dataclass(frozen=True)
class Function:
    """A function's configuration; None stands for a value that is not set.

    ``document`` is the pattern of the Firestore documents that it listens to, ``bucket`` the bucket of the objects,
    ``account`` the service account that it runs as, ``retry`` whether a failed event is delivered again.
    """

    name: str
    region: str
    runtime: str | None
    memory_mb: int | None
    cpu: float | None
    concurrency: int | None
    timeout_seconds: int | None
    max_instances: int | None
    event: str | None = None
    document: str | None = None
    bucket: str | None = None
    account: str | None = None
    retry: bool = False


@dataclass(frozen=True)
class Expected:
    """What should be deployed.

    ``schedules`` has the schedule of each scheduled function by its job's name, ``callables`` the names of the
    functions that browsers call, and ``refreshes`` whether the refresh's schedule is to run: it is not without shops.
    """

    project: str
    region: str
    functions: tuple[Function, ...]
    schedules: Mapping[str, str]
    callables: frozenset[str] = frozenset()
    refreshes: bool = True
    store: str | None = None


def read_expected(
    project: str,
    region: str | None,
    store: str | None,
    repository: Path = REPOSITORY,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Expected:
    """Read functions/main.py and firebase.json with the settings that a deployment to this project reads.

    ``settings`` are environment variables of the functions that come before those of files. Raises `FailedPrecondition`
    if functions/main.py can't be read.
    """
    if not (repository / _SOURCE / "main.py").is_file():
        raise FailedPrecondition("functions/main.py is missing: run the command in a clone of the repository.")
    environment = {**_environment(repository, project, region), **settings}
    endpoints, runtime = _endpoints(repository, environment), _runtime(repository)
    functions = (_function(name, endpoint, runtime, environment) for name, endpoint in sorted(endpoints.items()))
    region = Settings.from_env(environment).region
    return Expected(
        project=project,
        region=region,
        functions=tuple(functions),
        # The Firebase CLI gives this name to a scheduled function's job.
        schedules={
            f"firebase-schedule-{name}-{region}": endpoint["scheduleTrigger"]["schedule"]
            for name, endpoint in endpoints.items()
            if "scheduleTrigger" in endpoint
        },
        callables=frozenset(name for name, endpoint in endpoints.items() if "callableTrigger" in endpoint),
        store=store,
    )


def _endpoints(repository: Path, environment: Mapping[str, str]) -> Mapping[str, Endpoint]:
    # In a process of its own: main.py makes an app and reads its settings when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", _DISCOVERY],
        cwd=repository / _SOURCE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FailedPrecondition(f"functions/main.py can't be imported: {done.stderr.strip().splitlines()[-1]}")
    endpoints: Mapping[str, Endpoint] = yaml.safe_load(done.stdout)["endpoints"]
    return endpoints


def _environment(repository: Path, project: str, region: str | None) -> dict[str, str]:
    """Return the environment as the Firebase CLI makes it: the project's settings file overrides the general one."""
    settings: dict[str, str] = {}
    for file in (repository / _SOURCE / ".env", repository / _SOURCE / f".env.{project}"):
        if file.is_file():
            words = shlex.split(file.read_text(encoding="utf-8"), comments=True)
            settings |= {name: value for name, sign, value in (word.partition("=") for word in words) if sign}
    return {
        "FIREBASE_CONFIG": json.dumps({"projectId": project, "storageBucket": f"{project}.firebasestorage.app"}),
        **os.environ,
        **settings,
        **({"CLOSETSPACE_REGION": region} if region else {}),
        "GCLOUD_PROJECT": project,
        "PYTHONPATH": str(repository / "shared"),
    }


def _runtime(repository: Path) -> str | None:
    codebases = json.loads((repository / "firebase.json").read_text())["functions"]
    return next((codebase.get("runtime") for codebase in codebases if codebase["source"] == _SOURCE), None)


def _function(name: str, endpoint: Endpoint, runtime: str | None, environment: Mapping[str, str]) -> Function:
    trigger: Mapping[str, Any] = endpoint.get("eventTrigger") or {}
    filters = {**trigger.get("eventFilters", {}), **trigger.get("eventFilterPathPatterns", {})}
    return Function(
        name=name,
        region=endpoint["region"][0],
        runtime=runtime,
        memory_mb=endpoint["availableMemoryMb"],
        cpu=float(endpoint["cpu"]),
        concurrency=endpoint["concurrency"],
        timeout_seconds=endpoint["timeoutSeconds"],
        max_instances=endpoint["maxInstances"],
        event=trigger.get("eventType"),
        document=filters.get("document"),
        # Without a setting it is the project's default bucket, whose name only the platform knows for sure.
        bucket=filters.get("bucket") if environment.get("PHOTO_BUCKET") else None,
        account=endpoint.get("serviceAccountEmail"),
        retry=bool(trigger.get("retry")),
    )
