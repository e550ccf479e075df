"""Google's admin APIs on this machine: a server that speaks their REST protocol, and the answers of a project."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from google.auth.credentials import AnonymousCredentials
from google.cloud import functions_v2, run_v2, scheduler_v1
from google.cloud.functions_v2.services.function_service.transports import FunctionServiceRestTransport
from google.cloud.run_v2.services.executions.transports import ExecutionsRestTransport
from google.cloud.run_v2.services.jobs.transports import JobsRestTransport
from google.cloud.run_v2.services.revisions.transports import RevisionsRestTransport
from google.cloud.run_v2.services.services.transports import ServicesRestTransport
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport

from catalog_jobs.operations.cloud_status.deployed import AdminApis
from catalog_jobs.operations.cloud_status.expected import Expected, Function
from catalog_jobs.operations.cloud_status.services import RunServices
from tests.support.waiting import HANG_SECONDS

PROJECT, REGION, STORE = "demo-closetspace", "us-central1", "gs://demo-closetspace-catalog"
FUNCTIONS = f"/v2/projects/{PROJECT}/locations/-/functions"
JOB = f"/v2/projects/{PROJECT}/locations/{REGION}/jobs/catalog-refresh"
EXECUTION = f"projects/{PROJECT}/locations/{REGION}/jobs/catalog-refresh/executions/catalog-refresh-x7k2p"
SCHEDULES = f"/v1/projects/{PROJECT}/locations/{REGION}/jobs"

Json = dict[str, Any]


class Cloud:
    """The APIs on this machine.

    ``answers`` has the pages of each path, ``failures`` the answers before them. Changes of services are done at once,
    and recorded in ``changes`` with their path and body.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Json]] = {}
        self.failures: dict[str, list[tuple[int, Json]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.changes: list[tuple[str, Json]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Cloud":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def apis(self, seconds: float = HANG_SECONDS) -> AdminApis:
        """Return the real clients, pointed here, which retry for ``seconds``."""
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        here: Json = {"host": self.address, "url_scheme": "http", "credentials": anonymous}
        return AdminApis(
            functions_v2.FunctionServiceClient(transport=FunctionServiceRestTransport(**here)),
            run_v2.JobsClient(transport=JobsRestTransport(**here)),
            run_v2.ExecutionsClient(transport=ExecutionsRestTransport(**here)),
            scheduler_v1.CloudSchedulerClient(transport=CloudSchedulerRestTransport(**here)),
            RunServices(
                run_v2.ServicesClient(transport=ServicesRestTransport(**here)),
                run_v2.RevisionsClient(transport=RevisionsRestTransport(**here)),
                seconds,
            ),
            seconds,
        )

    def answer(self, method: str, target: str) -> tuple[int, Json]:
        """Return the path's next failure, else the requested page of its answer."""
        address = urlsplit(target)
        self.asked.append((method, target))
        if self.failures.get(address.path):
            left = self.failures[address.path]
            return left.pop(0) if len(left) > 1 else left[0]
        pages = self.answers.get(address.path)
        if pages is None:
            return error(404, "NOT_FOUND", f"Resource '{address.path}' was not found")
        page = int(parse_qs(address.query).get("pageToken", ["0"])[0])
        more = {"nextPageToken": str(page + 1)} if page + 1 < len(pages) else {}
        return 200, {**pages[page], **more}

    def change(self, target: str, body: Json) -> tuple[int, Json]:
        """Change a service or its policy, and return the operation or the policy."""
        path = urlsplit(target).path
        self.asked.append(("PATCH", target))
        if self.failures.get(path):
            return self.failures[path][0]
        self.changes.append((path, body))
        if path.endswith(":setIamPolicy"):
            self.answers[path.replace(":set", ":get")] = [body["policy"]]
            return 200, body["policy"]
        (service,) = self.answers[path]
        if "traffic" in body:
            body = {**body, "trafficStatuses": [{"revision": "", **each} for each in body["traffic"]]}
        self.answers[path] = [{**service, **body}]
        kind = {"@type": "type.googleapis.com/google.cloud.run.v2.Service"}
        return 200, {"name": f"{path[4:]}/operations/1", "done": True, "response": {**kind, **service, **body}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(*cloud.answer(self.command, self.path))

            def do_PATCH(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self._send(*cloud.change(self.path, body))

            def do_POST(self) -> None:
                self.do_PATCH()

            def _send(self, code: int, body: Json) -> None:
                data = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("content-type", "application/json; charset=UTF-8")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        return Handler


def error(code: int, status: str, message: str, reason: str = "") -> tuple[int, Json]:
    """Return an error response of Google's APIs."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    details = [info] if reason else []
    return code, {"error": {"code": code, "status": status, "message": message, "details": details}}


def function(spec: Function, **changed: Any) -> Json:
    """Return the API's answer for a function."""
    path = f"projects/{PROJECT}/locations/{spec.region}"
    answer: Json = {
        "name": f"{path}/functions/{spec.name}",
        "buildConfig": {"runtime": spec.runtime, "entryPoint": spec.name},
        "serviceConfig": {
            "service": service_of(spec),
            "timeoutSeconds": spec.timeout_seconds,
            "availableMemory": f"{spec.memory_mb}Mi",
            "availableCpu": f"{spec.cpu:g}",
            "maxInstanceCount": spec.max_instances,
            "maxInstanceRequestConcurrency": spec.concurrency,
            "serviceAccountEmail": account_of(spec),
            "environmentVariables": {"INDEX_STORE": STORE, "FUNCTION_REGION": spec.region},
        },
        "state": "ACTIVE",
        "updateTime": "2026-11-23T10:00:00.123456789Z",
        "environment": "GEN_2",
        "labels": {"deployment-tool": "cli-firebase"},
    }
    if spec.event:
        document = {"attribute": "document", "value": spec.document, "operator": "match-path-pattern"}
        answer["eventTrigger"] = {
            "eventType": spec.event,
            "eventFilters": [document] if spec.document else [{"attribute": "bucket", "value": spec.bucket or "b"}],
            "retryPolicy": "RETRY_POLICY_RETRY" if spec.retry else "RETRY_POLICY_DO_NOT_RETRY",
        }
    return {**answer, **changed}


def service_of(spec: Function) -> str:
    """Return the name of a function's service."""
    return f"projects/{PROJECT}/locations/{spec.region}/services/{spec.name.replace('_', '-').lower()}"


def account_of(spec: Function) -> str:
    """Return the account that a function runs as."""
    return spec.account or f"1234-compute@{PROJECT}.iam.gserviceaccount.com"


def services(expected: Expected) -> dict[str, list[Json]]:
    """Return the API's answers for the functions' services and their policies, as they should be."""
    answers: dict[str, list[Json]] = {}
    for spec in expected.functions:
        path = f"/v2/{service_of(spec)}"
        anyone = spec.name in expected.callables
        bindings = [] if anyone else [{"role": "roles/run.invoker", "members": [f"serviceAccount:{account_of(spec)}"]}]
        answers[path] = [{"name": path[4:], "invokerIamDisabled": anyone}]
        answers[f"{path}:getIamPolicy"] = [{"etag": "BwY=", "bindings": bindings}]
    return answers


def job(status: str = "EXECUTION_SUCCEEDED", store: str = STORE) -> Json:
    """Return the API's answer for the refresh's job."""
    container = {
        "image": f"us-central1-docker.pkg.dev/{PROJECT}/closetspace/catalog:0bb7186",
        "env": [{"name": "CLOSETSPACE_STORE", "value": store}] if store else [],
    }
    times = {"createTime": "2026-11-24T03:00:01.5Z", "completionTime": "2026-11-24T03:04:00Z"}
    return {
        "name": JOB.removeprefix("/v2/"),
        "template": {"taskCount": 4, "template": {"containers": [container]}},
        "executionCount": 12,
        "latestCreatedExecution": {"name": EXECUTION, "completionStatus": status, **times},
    }


def schedule(name: str, when: str, uri: str = "https://sweep.example", **changed: Any) -> Json:
    """Return the API's answer for a job of the scheduler."""
    return {
        "name": f"{SCHEDULES.removeprefix('/v1/')}/{name}",
        "httpTarget": {"uri": uri, "httpMethod": "POST"},
        "schedule": when,
        "timeZone": "UTC",
        "state": "ENABLED",
        "lastAttemptTime": "2026-11-24T11:50:00.1Z",
        "status": {},
        **changed,
    }
