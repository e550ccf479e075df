"""Google's errors in the project's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError

from closetspace.errors import FailedPrecondition, Transient

_LOG_IN = "run gcloud auth application-default login, or name a service account's key in GOOGLE_APPLICATION_CREDENTIALS"

_PASSING = (
    exceptions.TooManyRequests,
    exceptions.ServerError,  # 500, 502, 503, 504
    exceptions.RetryError,
    requests.ConnectionError,
    requests.Timeout,
    TransportError,  # while credentials are refreshed
)


@dataclass(frozen=True)
class Api:
    """A Google API by its service's name, and the least role that may read it."""

    service: str
    role: str

    @contextmanager
    def errors(self, project: str) -> Iterator[None]:
        """Translate what its client raises: into `FailedPrecondition`, or `Transient`."""
        try:
            yield
        except _PASSING as exc:
            raise Transient(f"{self.service} does not answer: try again in a minute. ({exc})") from exc
        except (GoogleAuthError, exceptions.Unauthorized) as exc:
            raise FailedPrecondition(f"Google refuses the credentials: {_LOG_IN}. ({exc})") from exc
        except exceptions.Forbidden as exc:
            raise FailedPrecondition(self._forbidden(exc, project)) from exc
        except exceptions.NotFound as exc:
            raise FailedPrecondition(f"{self.service} knows no project {project}: check --project.") from exc
        except exceptions.GoogleAPICallError as exc:
            raise FailedPrecondition(f"{self.service} refuses the question: {exc}") from exc

    def _forbidden(self, exc: exceptions.Forbidden, project: str) -> str:
        if exc.reason == "SERVICE_DISABLED":
            return (
                f"{self.service} is off in {project}, so nothing of it can be deployed there: run"
                f" gcloud services enable {self.service} --project {project}, wait a minute and try again."
            )
        return (
            f"You may not read {self.service} in {project}: ask for the role {self.role}, or check --project."
            f" ({exc.message})"
        )


def patient(seconds: float) -> Retry:
    """Ask again for this long while a fault may pass."""
    return Retry(predicate=if_exception_type(*_PASSING), initial=0.2, maximum=4, timeout=seconds)


@contextmanager
def credentials_needed() -> Iterator[None]:
    """Say what to do where there are no credentials at all."""
    try:
        yield
    except DefaultCredentialsError as exc:
        raise FailedPrecondition(f"There are no credentials for Google Cloud: {_LOG_IN}.") from exc
