"""The services that the commands ``closetspace account`` work with."""

import os
from collections.abc import Mapping
from dataclasses import replace

from closetspace.bootstrap import Services, open_store
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

EMULATORS = ("FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST")

NO_LIMIT = float("inf")


def open_services() -> Services:
    """Return the services over the people's data, without a limit of time for a removal.

    Raises `FailedPrecondition` if no bucket or project is named, or if only a part of it all is local.
    """
    settings = replace(Settings.from_env(), removal_seconds=NO_LIMIT)
    bucket = settings.photo_bucket_name
    check_project(os.environ)
    # Opened first: without the bucket of photos, nothing else needs to be reachable.
    return Services(settings, photos=open_store(f"gs://{bucket}"))


def check_project(env: Mapping[str, str]) -> str:
    """Return the project whose data it is.

    Raises `FailedPrecondition` if none is named: a default of gcloud may be another one than the bucket's.
    """
    local = [name for name in EMULATORS if env.get(name)]
    if local and len(local) < len(EMULATORS):
        missing = ", ".join(name for name in EMULATORS if name not in local)
        raise FailedPrecondition(f"For a local stack set {missing}, too; for a project unset {', '.join(local)}.")
    if not env.get("GOOGLE_CLOUD_PROJECT"):
        raise FailedPrecondition("Set GOOGLE_CLOUD_PROJECT to the project whose people these are.")
    return env["GOOGLE_CLOUD_PROJECT"]
