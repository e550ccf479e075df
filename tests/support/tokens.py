"""Tokens that the Functions SDK accepts while it is told to use an emulator of Authentication."""

import base64
import json
import time

UID = "Xy3personKq"


def unsigned_token(project: str) -> str:
    """Return the token of a person of a project."""
    now = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": UID,
        "user_id": UID,
        "iat": now - 60,
        "exp": now + 3_600,
        "auth_time": now - 60,
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
