"""Deployed functions, by the Cloud Functions API."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from google.cloud import functions_v2

from catalog_jobs.operations.cloud_status.deployment import DeployedFunction, Function
from catalog_jobs.operations.cloud_status.google_errors import Api, patient
from closetspace.settings import Settings

API = Api("cloudfunctions.googleapis.com", "roles/cloudfunctions.viewer")

_MIB = {"": 1 / 2**20, "k": 1e3 / 2**20, "M": 1e6 / 2**20, "G": 1e9 / 2**20, "Ki": 1 / 2**10, "Mi": 1, "Gi": 2**10}


@dataclass(frozen=True)
class FunctionsApi:
    """Reads functions; asks for ``seconds`` before it gives up."""

    client: functions_v2.FunctionServiceClient
    seconds: float

    def read(self, project: str) -> tuple[list[DeployedFunction], list[str]]:
        """Every function of a project, wherever it is, and the regions that did not answer."""
        found: list[DeployedFunction] = []
        unreachable: set[str] = set()
        with API.errors(project):
            parent = f"projects/{project}/locations/-"
            pager = self.client.list_functions(parent=parent, retry=patient(self.seconds), timeout=self.seconds)
            for page in pager.pages:
                found += map(_deployed, page.functions)
                unreachable.update(page.unreachable)
        return found, sorted(unreachable)


def _deployed(answer: functions_v2.Function) -> DeployedFunction:
    _, _, _, region, _, name = answer.name.split("/")
    service, trigger = answer.service_config, answer.event_trigger
    filters = {one.attribute: one.value for one in trigger.event_filters}
    return DeployedFunction(
        Function(
            name=name,
            region=region,
            runtime=answer.build_config.runtime or None,
            memory_mb=mebibytes(service.available_memory),
            cpu=float(service.available_cpu) if service.available_cpu else None,
            concurrency=service.max_instance_request_concurrency or None,
            timeout_seconds=service.timeout_seconds or None,
            max_instances=service.max_instance_count or None,
            event=trigger.event_type or None,
            document=filters.get("document"),
            bucket=filters.get("bucket"),
            account=service.service_account_email or None,
            retry=trigger.retry_policy == functions_v2.EventTrigger.RetryPolicy.RETRY_POLICY_RETRY,
        ),
        state=functions_v2.Function.State(answer.state).name,
        message="; ".join(message.message for message in answer.state_messages),
        codebase=answer.labels.get("firebase-functions-codebase", ""),
        index_store=_index_store(service.environment_variables),
        updated=answer.update_time,
    )


def _index_store(environment: Mapping[str, str]) -> str:
    """Where a function with this environment looks for the index; the Firebase CLI names the default bucket there."""
    settings = Settings.from_env(environment)
    default = json.loads(environment.get("FIREBASE_CONFIG", "{}")).get("storageBucket")
    bucket = settings.photo_bucket or default
    return settings.index_store or (f"gs://{bucket}" if bucket else "")


def mebibytes(quantity: str) -> int | None:
    """A quantity as Kubernetes writes it, ``2Gi``, in MiB; None where it is none."""
    match = re.fullmatch(r"([0-9.]+)(k|M|G|Ki|Mi|Gi)?", quantity)
    return round(float(match[1]) * _MIB[match[2] or ""]) if match else None
