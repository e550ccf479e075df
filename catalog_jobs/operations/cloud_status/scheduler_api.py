"""What starts by the clock, by the Cloud Scheduler API."""

from dataclasses import dataclass

from google.cloud import scheduler_v1

from catalog_jobs.operations.cloud_status.deployment import Schedule
from catalog_jobs.operations.cloud_status.google_errors import Api, patient

API = Api("cloudscheduler.googleapis.com", "roles/cloudscheduler.viewer")


@dataclass(frozen=True)
class SchedulerApi:
    """Reads the scheduler's jobs; asks for ``seconds`` before it gives up."""

    client: scheduler_v1.CloudSchedulerClient
    seconds: float

    def read(self, project: str, region: str) -> list[Schedule]:
        """Every job of a region."""
        with API.errors(project):
            parent = f"projects/{project}/locations/{region}"
            return [
                _schedule(job)
                for job in self.client.list_jobs(parent=parent, retry=patient(self.seconds), timeout=self.seconds)
            ]


def _schedule(job: scheduler_v1.Job) -> Schedule:
    return Schedule(
        name=job.name.rsplit("/", 1)[-1],
        schedule=job.schedule,
        state=scheduler_v1.Job.State(job.state).name,
        target=job.http_target.uri,
        last_attempt=job.last_attempt_time,
        failure=(job.status.message or f"code {job.status.code}") if job.status.code else "",
    )
