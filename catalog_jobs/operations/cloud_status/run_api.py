"""The refresh's job and its last execution, by the Cloud Run API."""

from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import run_v2

from catalog_jobs.operations.cloud_status.deployment import REFRESH_JOB, STORE_VARIABLE, Execution, Job
from catalog_jobs.operations.cloud_status.google_errors import Api, patient

API = Api("run.googleapis.com", "roles/run.viewer")


@dataclass(frozen=True)
class RunApi:
    """Reads the job; asks for ``seconds`` before it gives up."""

    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    seconds: float

    def read(self, project: str, region: str) -> Job | None:
        """The job; None where there is none."""
        name = f"projects/{project}/locations/{region}/jobs/{REFRESH_JOB}"
        with API.errors(project):
            try:
                answer = self.jobs.get_job(name=name, retry=patient(self.seconds), timeout=self.seconds)
            except NotFound:
                return None
            container = answer.template.template.containers[0]
            return Job(
                name=REFRESH_JOB,
                image=container.image,
                store=next((one.value for one in container.env if one.name == STORE_VARIABLE), ""),
                last=self._execution(answer.latest_created_execution),
            )

    def _execution(self, reference: run_v2.ExecutionReference) -> Execution | None:
        if not reference.name:
            return None
        status = run_v2.ExecutionReference.CompletionStatus(reference.completion_status).name
        details = self._details(reference.name)
        return Execution(
            name=reference.name.rsplit("/", 1)[-1],
            status=status.removeprefix("EXECUTION_"),
            began=reference.create_time,
            ended=reference.completion_time,
            failed_tasks=details.failed_count,
            log=details.log_uri,
        )

    def _details(self, name: str) -> run_v2.Execution:
        try:
            return self.executions.get_execution(name=name, retry=patient(self.seconds), timeout=self.seconds)
        except NotFound:  # executions are deleted after a while, the job still names its last one
            return run_v2.Execution()
