"""Where what is deployed is not what the repository says. Pure."""

from datetime import datetime

from catalog_jobs.operations.cloud_status.deployment import Deployed, Expected
from catalog_jobs.operations.cloud_status.finding import Finding
from catalog_jobs.operations.cloud_status.function_differences import function_differences
from catalog_jobs.operations.cloud_status.refresh_differences import (
    catalog_differences,
    job_differences,
    schedule_differences,
)


def differences(expected: Expected, deployed: Deployed, now: datetime) -> list[Finding]:
    """Everything that is not as it should be; nothing when all is well."""
    return [
        *function_differences(expected, deployed),
        *job_differences(expected, deployed),
        *schedule_differences(expected, deployed),
        *catalog_differences(deployed.catalog, now),
    ]
