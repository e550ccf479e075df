"""Hostile requests to callables, drawn from a seed: types, sizes, encodings, sign-ins."""

import base64
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from closetspace.api.requests import CallableRequest
from tests.torture.plausible import Texts, model_of, plausible

OWNER = "the owner"
"""The one sign-in that is valid."""

JSON = "application/json"


@dataclass(frozen=True)
class Call:
    """A request. ``label`` describes it in the report, ``sign_in`` says who sends it."""

    label: str
    body: bytes
    sign_in: str = OWNER
    method: str = "POST"
    content_type: str | None = JSON


BODIES: Mapping[str, bytes] = {
    "no body": b"",
    "no data": b"{}",
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "half of an object": b'{"data":',
    "null as data": b'{"data":null}',
    "a list as data": b'{"data":[]}',
    "text as data": b'{"data":"data"}',
    "a field beside data": b'{"data":{},"uid":"someone"}',
    "data twice": b'{"data":{},"data":{"count":"x"}}',
    "an integer of 5,000 digits": b'{"data":{"count":1' + b"0" * 5_000 + b"}}",
    "an integer of 5,000 digits as data": b'{"data":-1' + b"0" * 5_000 + b"}",
    "a float out of range": b'{"data":{"explore":1e999}}',
    "NaN": b'{"data":{"explore":NaN,"price_min":-Infinity}}',
    "100,000 nested lists": b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 nested objects": b'{"data":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "900 nested lists": b'{"data":{"usage":' + b"[" * 900 + b"]" * 900 + b"}}",
    "invalid UTF-8": b'{"data":{"gender":"\xff\xfe\xc0"}}',
    "UTF-16": '{"data":{}}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"data":{}}',
    "a lone surrogate": b'{"data":{"gender":"\\ud800"}}',
    "4 MB of text": b'{"data":{"cursor":"' + b"A" * 4_000_000 + b'"}}',
    "200,000 names": b'{"data":{"brands":[' + b'"a",' * 200_000 + b'"a"]}}',
    "50,000 fields": b'{"data":{' + b",".join(b'"f%d":1' % number for number in range(50_000)) + b"}}",
    "a form": b"data=1&count=2",
    "not JSON": b"\x00\x01\x02",
}
CONTENT_TYPES = (
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonp",
)
METHODS = ("GET", "PUT", "PATCH", "DELETE")

TEXTS: Sequence[Callable[[random.Random], str]] = (
    lambda _: "",
    lambda draw: "x" * draw.choice((1, 99, 101, 1_501, 12_001, 100_000)),
    lambda draw: "".join(chr(draw.randrange(1, 0xD800)) for _ in range(draw.randrange(1, 40))),
    lambda draw: draw.choice(("\0", "\r\nX: y", "\ud800", "\u202eevil", "😀" * 40, "ﬀ", "İ", "\u0000\uffff")),
    lambda draw: draw.choice(("../../index/current.json", "users/", "__name__", "__proto__", "%2e%2e%2f", "{{7*7}}")),
    lambda draw: draw.choice(
        ("' OR 1=1 --", "<script>alert(1)</script>", "${jndi:ldap://x}", "(.*)*$", "null", "true")
    ),
    lambda draw: base64.urlsafe_b64encode(draw.randbytes(draw.choice((1, 13, 13 + 4 * 1_899, 9_000)))).decode(),
    lambda draw: base64.urlsafe_b64encode(b"\2" + draw.randbytes(12 + 4 * draw.randrange(2_000))).decode().rstrip("="),
)
NUMBERS = (0, 1, -1, 7, 100, 101, 2**31, 2**53 - 1, 2**53, 2**63, -(2**63) - 1, 10**30, 0.5, 1.0, -0.0, 1e308, 5e-324)


def value(draw: random.Random, familiar: Sequence[Any], depth: int = 3) -> Any:
    """Return anything that JSON can say; ``familiar`` values lead further into the code."""
    match draw.randrange(8 if depth else 5):
        case 0 | 1 if familiar:
            return draw.choice(familiar)
        case 2:
            return draw.choice(NUMBERS)
        case 3:
            return draw.choice(TEXTS)(draw)
        case 5 | 6:
            length = draw.choice((0, 1, 1, 2, 3, 120))
            return [value(draw, familiar, depth - 1 if length < 100 else 0) for _ in range(length)]
        case 7:
            return {draw.choice(TEXTS)(draw): value(draw, familiar, depth - 1) for _ in range(draw.randrange(4))}
    return draw.choice((None, True, False))


def fields_of(callable_name: str) -> list[str]:
    """Return the names of a callable's fields; those of every callable if its request has another name."""
    own = model_of(callable_name)
    models = [own] if own and own.model_fields else CallableRequest.__subclasses__()
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def call(draw: random.Random, name: str, texts: Texts, sign_ins: Sequence[str]) -> Call:
    """Return one request to a callable; most are signed in, and right or nearly right."""
    kind = draw.randrange(20)
    model, fields = model_of(name), fields_of(name)
    right = plausible(draw, model, texts) if model else {}
    if kind < 4:
        label = draw.choice(list(BODIES))
        return Call(label, BODIES[label])
    chosen = draw.sample(fields, min(len(fields), draw.choice((0, 1, 1, 1, 2, 3, 6))))
    familiar = [*right.values(), *texts[""]]
    data: Any = right | {field: value(draw, familiar) for field in chosen if kind < 14}
    if kind == 4:
        data = value(draw, familiar)
    label = f"data {json.dumps(data)[:80]}"
    body = json.dumps({"data": data}).encode()
    if kind == 5:
        content_type = draw.choice(CONTENT_TYPES)
        return Call(f"content type {content_type!r}", body, content_type=content_type)
    if kind == 6:
        method = draw.choice(METHODS)
        return Call(f"method {method}", body, method=method)
    if kind < 9:
        sign_in = draw.choice(sign_ins)
        return Call(f"signed in as {sign_in}: {label}", body, sign_in)
    return Call(label, body)


def forged_token(project: str, **claims: Any) -> str:
    """Return an unsigned token, which the local Auth accepts if its claims are right."""
    now = 2_000_000_000
    whole = {"aud": project, "iss": f"https://securetoken.google.com/{project}", "iat": 1, "exp": now} | claims
    parts = ({"alg": "none", "typ": "JWT"}, whole)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*encoded, ""))
