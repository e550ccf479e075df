"""The composition root: every dependency of a running system is built here, once, when it is first needed."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

if TYPE_CHECKING:
    from google.cloud import firestore

    from closetspace.domain.encoder.encoding import Encoder
    from closetspace.domain.encoder.priors import EncoderPriors
    from closetspace.ports import Closets, ObjectStore, People, Wardrobe
    from closetspace.services.feedback import FeedbackKeeper
    from closetspace.services.live_index import LiveIndex
    from closetspace.services.recommend import Recommender
    from closetspace.services.reconcile import Reconciler
    from closetspace.services.refresh_taste import TasteKeeper
    from closetspace.services.sweep import Sweeper

T = TypeVar("T")


class Services:
    """The use cases over real adapters.

    Nothing is imported, opened or loaded before it is asked for, and then once, whichever of several first
    requests comes first: a function that recommends never loads the encoder's network, and importing
    functions/main.py makes no client.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._made: dict[str, Any] = {}
        self._lock = RLock()

    @property
    def reconciler(self) -> "Reconciler":
        return self._once("reconciler", self._reconciler)

    @property
    def taste_keeper(self) -> "TasteKeeper":
        return self._once("taste_keeper", self._taste_keeper)

    @property
    def recommender(self) -> "Recommender":
        return self._once("recommender", self._recommender)

    @property
    def feedback_keeper(self) -> "FeedbackKeeper":
        return self._once("feedback_keeper", self._feedback_keeper)

    @property
    def sweeper(self) -> "Sweeper":
        return self._once("sweeper", self._sweeper)

    @property
    def wardrobe(self) -> "Wardrobe":
        return self._once("wardrobe", self._wardrobe)

    @property
    def closets(self) -> "Closets":
        return self._once("closets", self._closets)

    @property
    def people(self) -> "People":
        return self._once("people", self._people)

    @property
    def live_index(self) -> "LiveIndex":
        return self._once("live_index", self._live_index)

    def priors(self, encoder: str) -> "EncoderPriors | None":
        """What is known of an encoder by its id: of the one in use, and of all that the package ships."""
        found: EncoderPriors | None = self._once("encoder_priors", lambda: encoder_priors(self.settings)).get(encoder)
        return found

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            made: T = self._made[name]
            return made

    def _reconciler(self) -> "Reconciler":
        from closetspace.adapters.images.download import HttpPhotos
        from closetspace.services.reconcile import Reconciler

        settings = self.settings
        return Reconciler(
            wardrobe=self.wardrobe,
            photos=open_store(f"gs://{settings.photo_bucket or default_bucket()}"),
            fetcher=HttpPhotos(settings.allowed_photo_hosts, settings.max_photo_bytes, settings.fetch_seconds),
            decode=photo_decoder(settings),
            encoder=load_encoder(settings),
            settings=settings,
        )

    def _wardrobe(self) -> "Wardrobe":
        from closetspace.adapters.firestore.wardrobe import FirestoreWardrobe

        settings = self.settings
        client = self._once("firestore", _firestore_client)
        return FirestoreWardrobe(client, settings.wardrobe_collection, settings.allowed_photo_hosts)

    def _closets(self) -> "Closets":
        from closetspace.adapters.firestore.closets import FirestoreClosets

        return FirestoreClosets(self._once("firestore", _firestore_client))

    def _people(self) -> "People":
        from closetspace.adapters.firestore.people import FirestorePeople

        return FirestorePeople(self._once("firestore", _firestore_client))

    def _taste_keeper(self) -> "TasteKeeper":
        from closetspace.services.refresh_taste import TasteKeeper

        return TasteKeeper(self.closets, encoder_id(self.settings), self.priors)

    def _recommender(self) -> "Recommender":
        from closetspace.services.recommend import Recommender

        return Recommender(self.people, self.live_index.get, self.priors)

    def _feedback_keeper(self) -> "FeedbackKeeper":
        from closetspace.services.feedback import FeedbackKeeper

        return FeedbackKeeper(self.people, self.live_index.get)

    def _live_index(self) -> "LiveIndex":
        from closetspace.services.index_versions import IndexVersions
        from closetspace.services.live_index import LiveIndex

        settings = self.settings
        store = open_store(settings.index_store or f"gs://{settings.photo_bucket or default_bucket()}")
        return LiveIndex(IndexVersions(store), bundle_opener(settings), settings.index_check_seconds)

    def _sweeper(self) -> "Sweeper":
        from closetspace.services.sweep import Sweeper

        return Sweeper(self.wardrobe, self.reconciler.reconcile, self.settings)


def open_store(address: str) -> "ObjectStore":
    """The store at ``gs://BUCKET`` or in a folder."""
    if not address.startswith("gs://"):
        from closetspace.adapters.storage.directory import DirectoryObjects

        return DirectoryObjects(Path(address))
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud.storage import Client

    from closetspace.adapters.storage.gcs import GcsObjects

    bucket = address.removeprefix("gs://").rstrip("/")
    if not bucket or "/" in bucket:
        raise InvalidInput("store_invalid", f"{address} is not a store: give gs://BUCKET or a folder.")
    try:
        client = Client()
    except DefaultCredentialsError as exc:
        raise FailedPrecondition(
            f"There are no credentials for {address}: run gcloud auth application-default login, or point"
            " STORAGE_EMULATOR_HOST at the local stack."
        ) from exc
    return GcsObjects(client, bucket, emulator=os.environ.get("STORAGE_EMULATOR_HOST"))


def load_encoder(settings: Settings) -> "Encoder":
    """The encoder in use; its networks are loaded when they first encode."""
    from closetspace.adapters.encoder.files import encoder_directory
    from closetspace.adapters.encoder.onnx import OnnxEncoder

    return OnnxEncoder(encoder_directory(settings.encoder), threads=settings.encoder_threads)


def encoder_priors(settings: Settings) -> dict[str, "EncoderPriors"]:
    """What is known of encoders by their ids, without loading one."""
    from closetspace.adapters.encoder.files import (
        MANIFEST,
        encoder_directory,
        models_directory,
        read_descriptor,
        read_reference,
    )
    from closetspace.domain.encoder.priors import EncoderPriors

    found = {}
    for folder in {encoder_directory(settings.encoder), *models_directory().iterdir()}:
        if (folder / MANIFEST).is_file():
            descriptor = read_descriptor(folder)
            found[descriptor.id] = EncoderPriors(descriptor.heads, read_reference(folder, descriptor))
    return found


def encoder_id(settings: Settings) -> str:
    """The id of the encoder in use, without loading it."""
    from closetspace.adapters.encoder.files import encoder_directory, read_descriptor

    return read_descriptor(encoder_directory(settings.encoder)).id


def photo_decoder(settings: Settings) -> Callable[[bytes], Any]:
    """Bytes of a photo to an upright picture."""
    from closetspace.adapters.images.decoding import decode_photo

    return partial(decode_photo, max_pixels=settings.max_photo_pixels)


def bundle_opener(settings: Settings) -> Callable[[Path], Any]:
    """A bundle's folder to an open, verified index."""
    from closetspace.adapters.index.reader import Bundle

    return partial(Bundle, exact_scan_items=settings.exact_scan_items)


def default_bucket() -> str:
    """The project's default bucket, as the Firebase CLI tells the functions."""
    import json

    bucket = json.loads(os.environ.get("FIREBASE_CONFIG", "{}")).get("storageBucket")
    if not bucket:
        raise RuntimeError("no bucket is configured: set PHOTO_BUCKET or FIREBASE_CONFIG")
    return str(bucket)


def _firestore_client() -> "firestore.Client":
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import firestore

    try:
        return firestore.Client()
    except (DefaultCredentialsError, OSError) as exc:
        # An OSError says that no project is named.
        raise FailedPrecondition(
            "There are no credentials for Firestore, or no project: run gcloud auth application-default login and set"
            " GOOGLE_CLOUD_PROJECT, or point FIRESTORE_EMULATOR_HOST at the local stack."
        ) from exc
