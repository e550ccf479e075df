"""From the Python functions' manifest to the endpoints of the bridge.

The manifest is the one that a deployment reads (the Firebase SDK's own discovery), so the local stack
delivers the same events, with the same filters and the same retry, as production.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import yaml

from closetspace_infra.local.ports import PROBE_SECONDS

MANIFEST_PATH = "/__/functions.yaml"

Endpoint = Mapping[str, Any]


def fetch(functions_address: str) -> dict[str, Endpoint] | None:
    """The endpoint of every Python function by name, or None while the server does not answer."""
    try:
        response = httpx.get(f"http://{functions_address}{MANIFEST_PATH}", timeout=PROBE_SECONDS, trust_env=False)
    except httpx.TransportError:
        return None
    response.raise_for_status()
    endpoints: dict[str, Endpoint] = yaml.safe_load(response.text)["endpoints"]
    return endpoints


def bridge(endpoints: Mapping[str, Endpoint], *, project: str, region: str, functions_address: str) -> Any:
    """What the bridge exports: for each function that an event or a schedule starts, its endpoint and URL.

    Limits of size (memory, instances) are left out: one process serves everything here.
    """
    base = f"http://{functions_address}"
    return {
        name: {"url": base + path(name, endpoint, project, region), "endpoint": _trigger(endpoint, region)}
        for name, endpoint in endpoints.items()
        if "eventTrigger" in endpoint or "scheduleTrigger" in endpoint
    }


def path(name: str, endpoint: Endpoint, project: str, region: str) -> str:
    """The path under which the Python process serves a function; like Firebase's own for what HTTP starts."""
    if "eventTrigger" in endpoint:
        return f"/events/{name}"
    return f"/{project}/{_region(endpoint, region)}/{name}"


def _trigger(endpoint: Endpoint, region: str) -> dict[str, Any]:
    kept = ("eventTrigger", "scheduleTrigger", "timeoutSeconds")
    return {
        "platform": "gcfv2",
        "region": [_region(endpoint, region)],
        "labels": {},
        **{key: endpoint[key] for key in kept if key in endpoint},
    }


def _region(endpoint: Endpoint, default: str) -> str:
    regions = endpoint.get("region") or [default]
    return str(regions[0])
