"""The tunables of the deployed system, with their units and reasons. The environment is read here alone."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from closetspace.errors import FailedPrecondition

RELEASE = "CLOSETSPACE_RELEASE"
"""The environment variable with the commit that the functions were deployed from. Every revision of a function has it,
so that a rollback finds the revisions that belong together."""


@dataclass(frozen=True)
class Settings:
    """Values as deployed; `from_env` reads the few that differ between deployments."""

    region: str = "us-central1"
    """Region of the functions. Firestore's triggers must be in the region of its database."""

    service_account: str | None = None
    """Account that the functions run as; None is the project's default account."""

    enforce_app_check: bool = False
    """Whether callables refuse requests without a valid App Check token."""

    embedding_instances: int = 5
    """Instances at most of each function that embeds photos, with 2 vCPU each. Cloud Run refuses a function whose
    instances could exceed the project's quota, which is 20 vCPU and 40 GiB in a small project. Five embed 30 photos a
    second."""

    answering_instances: int = 10
    """Instances at most of each callable, with 1 vCPU and 1 GiB each."""

    deriving_instances: int = 5
    """Instances at most of the function that derives tastes, with 1 vCPU each."""

    leaving_instances: int = 2
    """Instances at most of each function that deletes or exports accounts, with 1 vCPU each."""

    wardrobe_collection: str = "wardrobe"
    """Firestore collection that the frontend writes items to."""

    allowed_photo_hosts: frozenset[str] = frozenset({"res.cloudinary.com"})
    """Hosts that a ``secure_url`` may name. With any other, a stranger could make the server fetch what they like."""

    photo_bucket: str | None = None
    """Bucket of the people's photos; None is ``default_bucket``."""

    default_bucket: str | None = None
    """The project's default bucket, as the Firebase CLI configures the functions."""

    index_store: str | None = None
    """``gs://BUCKET`` of the index; None is the photo bucket."""

    max_photo_bytes: int = 20_000_000
    """Bytes. A phone's largest JPEG is about 12 MB; the storage rules enforce the same limit."""

    max_photo_pixels: int = 55_000_000
    """Pixels, checked on the header. Covers 50-megapixel phones."""

    decoding_processes: int = 2
    """Processes that decode photos, one for each photo that an instance serves at once."""

    fetch_seconds: float = 20.0
    """Seconds for a whole download from an allowed host. A photo takes one; a slower host would hold a worker."""

    private_hosts: frozenset[str] = frozenset()
    """Hosts of shops, feeds and catalog images that may have addresses of a private network or of this machine: servers
    of one's own. There are none for people's photos."""

    trace_share: float = 0.0
    """Share of requests that are traced, from 0 to 1. A process imports the tracer at its first request, for 0.2 s."""

    settle_minutes: float = 10.0
    """Minutes after which an unsettled item is reconciled again: longer than any single attempt."""

    max_attempts: int = 10
    """Attempts to embed the same content that end with the process, or with an error that is not temporary. Then the
    item fails with the code ``internal``: the cause is ours, and no retry mends it."""

    max_sweeps: int = 9
    """Sweeps of one item, 40 hours in all because their pauses double. Then an item that waits for its photo is left
    until the photo arrives, and one that could not be finished fails."""

    sweep_item_seconds: float = 120.0
    """Seconds that a sweep waits for one item: as long as the function of an event has."""

    sweep_seconds: float = 1500.0
    """Seconds after which a sweep begins no further item: less than the 1,800 that a scheduled function has."""

    audited_per_sweep: int = 200
    """Items, states and photos, as many of each, that a sweep compares to find what lost events have left behind.
    200 are 29,000 a day of each, at 0.05 USD a day."""

    orphan_hours: float = 24.0
    """Hours after which an uploaded photo that no item names is removed."""

    max_items_per_person: int = 5_000
    """Items of one person. Ten times the largest wardrobe that we have seen; more would fill an instance's memory."""

    max_embeddings_per_day: int = 2_000
    """Photos of one person that are embedded in a day, including those of renamed items. A large wardrobe can be
    uploaded in a day; an attacker costs no more than 0.02 USD a day."""

    recent_sign_in_minutes: float = 5.0
    """Minutes since the sign-in within which an account may be deleted. A stolen session must not suffice, and
    Firebase's own deletion of accounts has the same limit."""

    removal_seconds: float = 240.0
    """Seconds of one attempt to remove accounts, after which the next one continues. With those of the items
    (``sweep_seconds``) they fit into the 1,800 that the sweeper has."""

    removal_hours: float = 48.0
    """Hours for which what arrives of a removed account is removed, too: its tokens are valid for one more hour, and
    the events of what they wrote arrive for 24 hours more."""

    export_days: float = 7.0
    """Days after which an export is deleted. The lifecycle of the bucket of photos has the same number."""

    export_interval_hours: float = 24.0
    """Hours between two exports of one person, each of which reads all of their photos."""

    export_seconds: float = 420.0
    """Seconds for one export: less than the 540 that a function has, enough for 5,000 photos of 4 MB."""

    index_check_seconds: float = 15.0
    """Seconds between reads of ``index/current.json``: instances follow within a minute, at four reads a minute."""

    exact_scan_items: int = 100_000
    """Items up to which a category is scanned exactly (5 ms at 256 dimensions), unless its catalog has cells. Larger
    ones go through Annoy, which does not find all that an exact ranking lists."""

    encoder: str = "fashion-2"
    """The encoder in use: the name of a folder in ``closetspace/models``, or a path to another folder."""

    encoder_threads: int = 1
    """Threads of one embedding; an instance serves several photos at once instead."""

    no_garment_below: float = 0.2
    """Probability of a garment below which a photo is refused. It is low because a wrong refusal costs a person their
    item, and a wrong acceptance only a poor recommendation. Of photos by unseen senders none is below it, of other
    pictures .61 are."""

    unsure_garment_below: float = 0.5
    """Probability of a garment below which an accepted photo gets a hint: .011 of photos, and .83 of other pictures."""

    unclear_category_below: float = 0.5
    """Probability of the likeliest category below which a photo gets a hint: another category is more likely."""

    @property
    def photo_bucket_name(self) -> str:
        """The bucket of the people's photos. Raises `FailedPrecondition` if none is configured."""
        bucket = self.photo_bucket or self.default_bucket
        if not bucket:
            raise FailedPrecondition("No bucket is configured: set PHOTO_BUCKET to the bucket of the people's photos.")
        return bucket

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``CLOSETSPACE_REGION``, ``SERVICE_ACCOUNT``, ``ENFORCE_APP_CHECK`` (``true``), ``WARDROBE_COLLECTION``,
        ``ALLOWED_PHOTO_HOSTS`` and ``CLOSETSPACE_PRIVATE_HOSTS`` (separated by commas), ``PHOTO_BUCKET``,
        ``FIREBASE_CONFIG``, ``INDEX_STORE``, ``ENCODER``, ``MAX_ITEMS_PER_PERSON``, ``MAX_EMBEDDINGS_PER_DAY``,
        ``ORPHAN_HOURS``, ``TRACE_SHARE``, ``EMBEDDING_INSTANCES``, ``ANSWERING_INSTANCES``, ``DERIVING_INSTANCES`` and
        ``LEAVING_INSTANCES``.

        Raises `FailedPrecondition` for a quota or a number of instances that is not a positive number.
        """
        hosts = env.get("ALLOWED_PHOTO_HOSTS")
        return cls(
            region=env.get("CLOSETSPACE_REGION") or cls.region,
            service_account=env.get("SERVICE_ACCOUNT") or None,
            enforce_app_check=env.get("ENFORCE_APP_CHECK") == "true",
            wardrobe_collection=env.get("WARDROBE_COLLECTION") or cls.wardrobe_collection,
            allowed_photo_hosts=_names(hosts) if hosts is not None else cls.allowed_photo_hosts,
            private_hosts=_names(env.get("CLOSETSPACE_PRIVATE_HOSTS", "")),
            photo_bucket=env.get("PHOTO_BUCKET") or None,
            default_bucket=json.loads(env.get("FIREBASE_CONFIG") or "{}").get("storageBucket"),
            index_store=env.get("INDEX_STORE") or None,
            encoder=env.get("ENCODER") or cls.encoder,
            max_items_per_person=_quota(env, "MAX_ITEMS_PER_PERSON", cls.max_items_per_person),
            max_embeddings_per_day=_quota(env, "MAX_EMBEDDINGS_PER_DAY", cls.max_embeddings_per_day),
            orphan_hours=_quota(env, "ORPHAN_HOURS", cls.orphan_hours),
            trace_share=min(1.0, _quota(env, "TRACE_SHARE", cls.trace_share)),
            embedding_instances=_quota(env, "EMBEDDING_INSTANCES", cls.embedding_instances),
            answering_instances=_quota(env, "ANSWERING_INSTANCES", cls.answering_instances),
            deriving_instances=_quota(env, "DERIVING_INSTANCES", cls.deriving_instances),
            leaving_instances=_quota(env, "LEAVING_INSTANCES", cls.leaving_instances),
        )


Number = TypeVar("Number", int, float)


def _quota(env: Mapping[str, str], name: str, default: Number) -> Number:
    text = env.get(name)
    if not text:
        return default
    try:
        quota = type(default)(text)
    except ValueError:
        quota = type(default)(0)
    if not 0 < quota < float("inf"):
        raise FailedPrecondition(f"{name} must be a positive number, not {text!r}.")
    return quota


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
