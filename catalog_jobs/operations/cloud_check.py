"""The quotas of a project, and the policies of its organisation, that a deployment depends on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import google.auth
import requests
from google.api_core import exceptions
from google.auth.transport.requests import AuthorizedSession

from catalog_jobs.operations.cloud_limits import INVOKER_CHECK, MEMBERS, Limits
from catalog_jobs.operations.google_apis import RETRY_SECONDS, Api, require_credentials, retry
from closetspace.errors import FailedPrecondition

QUOTAS = Api("cloudquotas.googleapis.com", "roles/cloudquotas.viewer")
POLICIES = Api("orgpolicy.googleapis.com", "roles/orgpolicy.policyViewer")

CPU, MEMORY = "CpuAllocPerProjectRegion", "MemAllocPerProjectRegion"
"""Cloud Run's quotas by region, in thousandths of a vCPU and in bytes."""


@dataclass(frozen=True)
class LimitApis:
    """Reads limits from the APIs of quotas and policies, by their addresses."""

    session: requests.Session
    quotas: str = "https://cloudquotas.googleapis.com"
    policies: str = "https://orgpolicy.googleapis.com"
    seconds: float = RETRY_SECONDS

    @classmethod
    def connect(cls) -> "LimitApis":
        """Return the real APIs with the user's credentials. Raises `FailedPrecondition` if there are none."""
        with require_credentials():
            credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
            return cls(AuthorizedSession(credentials))  # type: ignore[no-untyped-call]

    def limits(self, project: str, region: str) -> Limits:
        """Return a project's limits in a region."""
        with QUOTAS.translated_errors(project):
            cpu, memory = (self._quota(project, region, quota) for quota in (CPU, MEMORY))
        return Limits(
            cpu=None if cpu is None else cpu / 1000,
            memory_mb=None if memory is None else memory / 2**20,
            restricts_members=self._is_enforced(project, MEMBERS),
            requires_invoker_check=self._is_enforced(project, INVOKER_CHECK),
        )

    def _quota(self, project: str, region: str, quota: str) -> int | None:
        path = f"v1/projects/{project}/locations/global/services/run.googleapis.com/quotaInfos/{quota}"
        infos = self._get(f"{self.quotas}/{path}", project).get("dimensionsInfos", [])
        of_region = [info for info in infos if region in _regions(info)]
        others = [info for info in infos if not info.get("dimensions")]
        value = next((int(info["details"]["value"]) for info in (*of_region, *others)), -1)
        return None if value < 0 else value

    def _is_enforced(self, project: str, policy: str) -> bool | None:
        try:
            with POLICIES.translated_errors(project):
                path = f"v2/projects/{project}/policies/{policy}:getEffectivePolicy"
                answer = self._get(f"{self.policies}/{path}", project)
        except FailedPrecondition:  # a project's owner need not be allowed to read policies
            return None
        return any(map(_restricts, answer.get("spec", {}).get("rules", [])))

    def _get(self, url: str, project: str) -> dict[str, Any]:
        def get() -> dict[str, Any]:
            response = self.session.get(url, headers={"x-goog-user-project": project}, timeout=self.seconds)
            if not response.ok:
                raise exceptions.from_http_response(response)  # type: ignore[no-untyped-call]
            answer: dict[str, Any] = response.json()
            return answer

        answer: dict[str, Any] = retry(self.seconds)(get)()
        return answer


def _regions(info: Mapping[str, Any]) -> list[str]:
    region = info.get("dimensions", {}).get("region")
    return [region] if region else info.get("applicableLocations", [])


def _restricts(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("enforce") or rule.get("denyAll") or rule.get("values"))
