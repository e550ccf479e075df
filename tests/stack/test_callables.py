"""Callables as served: requests that no SDK would send, and App Check where it is enforced."""

import httpx
import pytest

from closetspace_infra.local.functions import instance
from closetspace_infra.local.ports import HANG_SECONDS
from tests.support.journey import Journey

MALFORMED = {
    "an integer of 5,000 digits": b'{"data": {"count": ' + b"1" * 5_000 + b"}}",
    "a number beyond all floats": b'{"data": {"explore": 1e999}}',
    "no number": b'{"data": {"explore": NaN}}',
    "100,000 levels": b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "10 MB": b'{"data": {"cursor": "' + b"x" * 10_000_000 + b'"}}',
    "15,000 fields": b'{"data": {' + b",".join(b'"f%d":1' % number for number in range(15_000)) + b"}}",
    "half a surrogate pair": b'{"data": {"gender": "\\ud800"}}',
    "bytes that are not UTF-8": b'{"data": {"gender": "\xff"}}',
    "no JSON": b"count=1",
    "nothing": b"",
    "no data": b"{}",
}


@pytest.mark.parametrize("name", ["recommend", "feedback"])
def test_malformed_request_is_an_invalid_argument(journey: Journey, name: str) -> None:
    backend, headers = journey.stack.backend, {"Authorization": f"Bearer {journey.person().token}"}
    url = f"http://{backend.functions}/{backend.project}/{backend.region}/{name}"
    with httpx.Client(headers=headers, timeout=HANG_SECONDS, trust_env=False) as client:
        for what, body in MALFORMED.items():
            answer = client.post(url, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT"), what
        answer = client.post(url, content=b'{"data": {}}', headers={"Content-Type": "text/plain"})
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_callable_that_enforces_app_check_refuses_a_request_without_a_valid_token(journey: Journey) -> None:
    environment = {**journey.stack.environment, "ENFORCE_APP_CHECK": "true"}
    signed_in = {"Authorization": f"Bearer {journey.person().token}"}
    with instance(environment, "recommend", "http") as started:
        for headers in (signed_in, {**signed_in, "X-Firebase-AppCheck": "not.a.token"}):
            refused = started.first_answer(json={"data": {}}, headers=headers)
            assert (refused.status_code, refused.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
