"""A client that sends the frontend's requests, with the rights that the rules give to a person."""

import json
import mimetypes
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from closetspace.domain.retry import retry
from closetspace_infra.local.ports import HANG_SECONDS

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.1


class Refused(Exception):
    """The server refused a request; ``status`` is the HTTP status."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.request.url.path}: {response.text[:500]}")
        self.status = response.status_code


class Unavailable(Refused):
    """The server is unavailable; a retry may succeed."""


class CallFailed(Exception):
    """A callable answered with an error; ``code`` is that of the callable protocol."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.code = str(error.get("status", "")).lower().replace("_", "-")
        self.details = error.get("details")


@dataclass(frozen=True)
class Backend:
    """The addresses of the emulators as ``host:port``, and the names of project and bucket."""

    auth: str
    firestore: str
    storage: str
    functions: str
    project: str
    bucket: str
    region: str = "us-central1"


@dataclass
class Person:
    """A person with an account, or a visitor, whose ``uid`` and ``token`` are empty."""

    backend: Backend
    uid: str = ""
    token: str = ""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=HANG_SECONDS))

    @classmethod
    def sign_up(cls, backend: Backend, email: str, password: str) -> "Person":
        """Create an account, or sign in to an existing one."""
        http = httpx.Client(timeout=HANG_SECONDS)
        fields = {"email": email, "password": password, "returnSecureToken": True}
        base = f"http://{backend.auth}/identitytoolkit.googleapis.com/v1/accounts"
        response = http.post(f"{base}:signUp?key=local", json=fields)
        if response.status_code == 400 and "EMAIL_EXISTS" in response.text:
            response = http.post(f"{base}:signInWithPassword?key=local", json=fields)
        account = _accepted(response).json()
        return cls(backend, account["localId"], account["idToken"], http)

    def write(self, path: str, fields: dict[str, Any]) -> None:
        """Write a whole document."""
        body = {"fields": {name: _value(value) for name, value in fields.items()}}
        self._send("PATCH", self._document(path), json=body, headers=self._bearer())

    def read(self, path: str) -> dict[str, Any] | None:
        """Return a document's fields, None if it does not exist."""
        try:
            found = self._send("GET", self._document(path), headers=self._bearer())
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return {name: _plain(value) for name, value in found.json().get("fields", {}).items()}

    def delete(self, path: str) -> None:
        """Delete a document."""
        self._send("DELETE", self._document(path), headers=self._bearer())

    def query(self, collection: str, owner: str) -> list[dict[str, Any]]:
        """Return the documents of one owner in a collection."""
        condition = {"field": {"fieldPath": "uid"}, "op": "EQUAL", "value": {"stringValue": owner}}
        body = {"structuredQuery": {"from": [{"collectionId": collection}], "where": {"fieldFilter": condition}}}
        url = self._document("").rstrip("/") + ":runQuery"
        found = self._send("POST", url, json=body, headers=self._bearer()).json()
        documents = [row["document"].get("fields", {}) for row in found if "document" in row]
        return [{name: _plain(value) for name, value in document.items()} for document in documents]

    def upload(self, path: str, data: bytes, content_type: str | None = None) -> None:
        """Upload a photo, by default with the type that its name implies; an empty type is not sent."""
        kind = (mimetypes.guess_type(path)[0] or "image/jpeg") if content_type is None else content_type
        headers = self._token() | ({"Content-Type": kind} if kind else {})
        url = f"{self._objects()}?uploadType=media&name={quote(path, safe='')}"
        self._send("POST", url, content=data, headers=headers)

    def download(self, path: str) -> bytes:
        """Return a photo's bytes."""
        return self._send("GET", f"{self._objects()}/{quote(path, safe='')}?alt=media", headers=self._token()).content

    def delete_photo(self, path: str) -> None:
        """Delete a photo."""
        self._send("DELETE", f"{self._objects()}/{quote(path, safe='')}", headers=self._token())

    def call(self, name: str, data: Any) -> Any:
        """Call a callable. Raises `CallFailed` with its code."""
        url = f"http://{self.backend.functions}/{self.backend.project}/{self.backend.region}/{name}"
        answer = self.http.post(url, json={"data": data}, headers=self._bearer()).json()
        if "error" in answer:
            raise CallFailed(answer["error"])
        return answer["result"]

    def _send(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Send a request; repeat it while the server is unavailable, as the SDKs do."""
        return retry(
            lambda: _accepted(self.http.request(method, url, **request)),
            attempts=ATTEMPTS,
            first_pause=FIRST_PAUSE_SECONDS,
            sleep=time.sleep,
            on=Unavailable,
        )

    def _document(self, path: str) -> str:
        encoded = "/".join(quote(part, safe="") for part in path.split("/"))
        return f"http://{self.backend.firestore}/v1/projects/{self.backend.project}/databases/(default)/documents/{encoded}"

    def _objects(self) -> str:
        return f"http://{self.backend.storage}/v0/b/{self.backend.bucket}/o"

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _token(self) -> dict[str, str]:
        return {"Authorization": f"Firebase {self.token}"} if self.token else {}


def _accepted(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise Unavailable(response) if response.status_code == 503 else Refused(response)
    return response


def _value(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"nullValue": None}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"integerValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
    raise TypeError(f"the frontend writes no {json.dumps(value, default=str)}")


def _plain(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    match kind:
        case "mapValue":
            return {name: _plain(inner) for name, inner in content.get("fields", {}).items()}
        case "arrayValue":
            return [_plain(inner) for inner in content.get("values", [])]
        case "integerValue":
            return int(content)
    return content
