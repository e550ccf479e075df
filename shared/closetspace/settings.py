"""Every tunable of the deployed system, with its unit and its reason."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Values as deployed; `from_env` reads the few that differ between deployments."""

    region: str = "us-central1"
    """Where the functions run; Firestore's triggers must be where its database is."""

    wardrobe_collection: str = "wardrobe"
    """Firestore collection that the frontend writes items to."""

    allowed_photo_hosts: frozenset[str] = frozenset({"res.cloudinary.com"})
    """Hosts that a ``secure_url`` may name. Anything else is a way to make the server fetch for a stranger."""

    photo_bucket: str | None = None
    """Bucket of the people's photos; None is the project's default bucket."""

    index_store: str | None = None
    """``gs://BUCKET`` that holds the index; None is the photo bucket."""

    max_photo_bytes: int = 20_000_000
    """Bytes. A phone's largest JPEG is about 12 MB; the storage rules enforce the same limit."""

    max_photo_pixels: int = 55_000_000
    """Pixels, refused on the header. Covers 50-megapixel phones; as a transparent PNG that is 0.7 GB while decoded."""

    fetch_seconds: float = 20.0
    """Seconds for a whole download from an allowed host: a photo takes one; a slower host would hold a worker."""

    settle_minutes: float = 10.0
    """Minutes after which an item that is not settled is looked at again: longer than any single attempt."""

    sweep_hours: float = 48.0
    """Hours after which an item that waits for its photo is left alone: the event retries last 24."""

    index_check_seconds: float = 15.0
    """Seconds between looks at ``index/current.json``: instances follow within a minute, at four reads a minute."""

    exact_scan_items: int = 50_000
    """Categories up to this size are scanned exactly (2.5 ms at 256 dimensions), larger ones go through Annoy."""

    encoder: str = "fashion-2"
    """The encoder in use: a folder of ``closetspace/models`` by its name, or a path to one elsewhere."""

    encoder_threads: int = 1
    """Threads of one embedding; instances serve several photos at once instead."""

    no_garment_below: float = 0.2
    """Probability of a garment below which a photo is refused. Low: a wrong refusal costs a person their item, a wrong
    acceptance only a poor recommendation. Of photos by senders never seen none is that low, of other pictures .61."""

    unsure_garment_below: float = 0.5
    """Probability of a garment below which an accepted photo gets a hint: .011 of photos, and .83 of other pictures."""

    unclear_category_below: float = 0.5
    """Probability of the likeliest category below which a photo gets a hint: it is more likely of another one."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``CLOSETSPACE_REGION``, ``WARDROBE_COLLECTION``, ``ALLOWED_PHOTO_HOSTS`` (by commas), ``PHOTO_BUCKET``,
        ``INDEX_STORE`` and ``ENCODER``."""
        hosts = env.get("ALLOWED_PHOTO_HOSTS")
        return cls(
            region=env.get("CLOSETSPACE_REGION") or cls.region,
            wardrobe_collection=env.get("WARDROBE_COLLECTION") or cls.wardrobe_collection,
            allowed_photo_hosts=_names(hosts) if hosts is not None else cls.allowed_photo_hosts,
            photo_bucket=env.get("PHOTO_BUCKET") or None,
            index_store=env.get("INDEX_STORE") or None,
            encoder=env.get("ENCODER") or cls.encoder,
        )


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
