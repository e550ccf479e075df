"""Google's admin APIs: credentials, retries, and their errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError

from closetspace.errors import FailedPrecondition, Transient

RETRY_SECONDS = 20.0
"""Per request: a person is waiting, and a failure that lasts longer is worth reporting."""

_LOG_IN = "run gcloud auth application-default login, or name a service account's key in GOOGLE_APPLICATION_CREDENTIALS"
_TRANSIENT = (
    exceptions.TooManyRequests,
    exceptions.ServerError,
    exceptions.RetryError,
    requests.ConnectionError,
    requests.Timeout,
    TransportError,  # while credentials are refreshed
)


def retry(seconds: float = RETRY_SECONDS) -> Retry:
    """Return a policy that retries a request for so many seconds if its failure is temporary."""
    return Retry(if_exception_type(*_TRANSIENT), initial=0.2, maximum=4, timeout=seconds)


@contextmanager
def require_credentials() -> Iterator[None]:
    """Raise `FailedPrecondition` if connecting finds no credentials."""
    try:
        yield
    except DefaultCredentialsError as exc:
        raise FailedPrecondition(f"There are no credentials for Google Cloud: {_LOG_IN}.") from exc


@dataclass(frozen=True)
class Api:
    """A Google API by its service's name, with the least role that may read it."""

    service: str
    role: str

    @contextmanager
    def translated_errors(self, project: str) -> Iterator[None]:
        """Translate the client's errors into `FailedPrecondition` or `Transient`."""
        try:
            yield
        except _TRANSIENT as exc:
            raise Transient(f"{self.service} does not answer: try again in a minute. ({exc})") from exc
        except (GoogleAuthError, exceptions.Unauthorized) as exc:
            raise FailedPrecondition(f"Google refuses the credentials: {_LOG_IN}. ({exc})") from exc
        except exceptions.Forbidden as exc:
            raise FailedPrecondition(self._forbidden(exc, project)) from exc
        except exceptions.NotFound as exc:
            raise FailedPrecondition(f"{self.service} knows no project {project}: check --project.") from exc
        except exceptions.GoogleAPICallError as exc:
            raise FailedPrecondition(f"{self.service} refuses the request: {exc}") from exc

    def _forbidden(self, exc: exceptions.Forbidden, project: str) -> str:
        if exc.reason == "SERVICE_DISABLED":
            return (
                f"{self.service} is disabled in {project}, so nothing of it can be deployed there: run"
                f" gcloud services enable {self.service} --project {project}, wait a minute and try again."
            )
        return (
            f"You may not read {self.service} in {project}: ask for the role {self.role}, or check --project."
            f" ({exc.message})"
        )
