"""The services of Cloud Run behind the functions: who may call them, their revisions and their traffic."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.retry import Retry
from google.cloud import run_v2

from catalog_jobs.operations.google_apis import RETRY_SECONDS, Api, require_credentials, retry
from closetspace.settings import RELEASE

RUN = Api("run.googleapis.com", "roles/run.viewer")
INVOKER = "roles/run.invoker"

_EVERYONE = ("allUsers", "allAuthenticatedUsers")
_LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
_REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


@dataclass(frozen=True)
class Callers:
    """Who may call a service: anyone, or members such as ``serviceAccount:NAME``."""

    anyone: bool
    members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Revision:
    """A revision of a service; ``release`` is empty if it was deployed without one."""

    name: str
    service: str
    created: datetime
    release: str


@dataclass(frozen=True)
class Traffic:
    """A service's shares of requests, in percent, by revision."""

    service: str
    shares: Mapping[str, int]


@dataclass(frozen=True)
class RunServices:
    """Reads and changes services; each request is retried for ``seconds``. Services have their full names."""

    services_client: run_v2.ServicesClient
    revisions_client: run_v2.RevisionsClient
    seconds: float = RETRY_SECONDS

    @classmethod
    def connect(cls) -> "RunServices":
        """Return the real API with the user's credentials. Raises `FailedPrecondition` if there are none."""
        with require_credentials():
            return cls(run_v2.ServicesClient(transport="rest"), run_v2.RevisionsClient(transport="rest"))

    def callers(self, project: str, services: Iterable[str]) -> dict[str, Callers]:
        """Return who may call each service."""
        with RUN.translated_errors(project):
            return {service: self._callers(service) for service in services}

    def allow_anyone(self, project: str, services: Iterable[str]) -> None:
        """Let anyone call services, without a role for ``allUsers``, which organisations may forbid."""
        changed = [run_v2.Service(name=service, invoker_iam_disabled=True) for service in services]
        self._update(project, changed, "invoker_iam_disabled")

    def allow(self, project: str, service: str, member: str) -> None:
        """Let a member call a service."""
        with RUN.translated_errors(project):
            policy = self.services_client.get_iam_policy({"resource": service}, retry=self._retry, timeout=self.seconds)
            policy.bindings.add(role=INVOKER, members=[member])
            request = {"resource": service, "policy": policy}
            self.services_client.set_iam_policy(request, retry=self._retry, timeout=self.seconds)

    def revisions(self, project: str, service: str) -> list[Revision]:
        """Return a service's revisions that can answer requests, the newest first."""
        with RUN.translated_errors(project):
            found = self.revisions_client.list_revisions(parent=service, retry=self._retry, timeout=self.seconds)
            ready = [_revision(each) for each in found if _is_ready(each)]
        return sorted(ready, key=lambda revision: revision.created, reverse=True)

    def traffic(self, project: str, service: str) -> Traffic:
        """Return a service's shares."""
        with RUN.translated_errors(project):
            found = self._service(service)
        newest = found.latest_ready_revision.rsplit("/", 1)[-1]
        shares: Counter[str] = Counter()
        for target in found.traffic_statuses:
            shares[target.revision or newest] += target.percent
        return Traffic(service, +shares)

    def share(self, project: str, traffic: Iterable[Traffic], newest: Mapping[str, str]) -> None:
        """Set shares. A revision with all requests that is the service's ``newest`` stands for later ones, too."""
        self._update(project, [_targets(each, newest.get(each.service, "")) for each in traffic], "traffic")

    def _update(self, project: str, services: Iterable[run_v2.Service], field: str) -> None:
        """Change a field of services, all at once."""
        mask = {"paths": [field]}
        with RUN.translated_errors(project):
            operations: list[Any] = [
                self.services_client.update_service(
                    request={"service": service, "update_mask": mask}, retry=self._retry, timeout=self.seconds
                )
                for service in services
            ]
            for operation in operations:
                operation.result()

    def _callers(self, service: str) -> Callers:
        if self._service(service).invoker_iam_disabled:
            return Callers(anyone=True)
        policy = self.services_client.get_iam_policy({"resource": service}, retry=self._retry, timeout=self.seconds)
        members = frozenset(m for binding in policy.bindings if binding.role == INVOKER for m in binding.members)
        return Callers(not members.isdisjoint(_EVERYONE), members)

    def _service(self, name: str) -> run_v2.Service:
        return self.services_client.get_service(name=name, retry=self._retry, timeout=self.seconds)

    @property
    def _retry(self) -> Retry:
        return retry(self.seconds)


def _revision(answer: run_v2.Revision) -> Revision:
    variables = {variable.name: variable.value for container in answer.containers for variable in container.env}
    service = answer.name.rsplit("/revisions/", 1)[0]
    return Revision(answer.name.rsplit("/", 1)[-1], service, answer.create_time, variables.get(RELEASE, ""))


def _is_ready(answer: run_v2.Revision) -> bool:
    states = {condition.type_: condition.state for condition in answer.conditions}
    return states.get("Ready") == run_v2.Condition.State.CONDITION_SUCCEEDED


def _targets(traffic: Traffic, newest: str) -> run_v2.Service:
    if traffic.shares == {newest: 100}:
        return run_v2.Service(name=traffic.service, traffic=[run_v2.TrafficTarget(type_=_LATEST, percent=100)])
    return run_v2.Service(
        name=traffic.service,
        traffic=[
            run_v2.TrafficTarget(type_=_REVISION, revision=revision, percent=percent)
            for revision, percent in traffic.shares.items()
            if percent
        ],
    )
