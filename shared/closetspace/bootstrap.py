"""The composition root: builds every dependency of a running system once, when it is first needed."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

if TYPE_CHECKING:
    from google.cloud import firestore

    from closetspace.adapters.images.sandbox import DecodingPool
    from closetspace.domain.encoder.encoding import Encoder, Picture
    from closetspace.domain.encoder.priors import EncoderPriors
    from closetspace.domain.index.index import Index
    from closetspace.ports import (
        Accounts,
        Bookmarks,
        Closets,
        Exports,
        ItemDocuments,
        ObjectStore,
        People,
        PersonalDocuments,
        PhotoFetcher,
        StreamedObjectStore,
        Usage,
        Users,
        Wardrobe,
    )
    from closetspace.services.delete_account import AccountRemover
    from closetspace.services.export_data import DataExporter
    from closetspace.services.feedback import FeedbackKeeper
    from closetspace.services.index_versions import IndexVersions
    from closetspace.services.live_index import LiveIndex
    from closetspace.services.loss_guard import LossGuard
    from closetspace.services.personal_archive import PersonalArchive
    from closetspace.services.recommend import Recommender
    from closetspace.services.reconcile import Reconciler
    from closetspace.services.refresh_taste import TasteKeeper
    from closetspace.services.sweep import Sweeper

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801
    """A property that is built once per instance, whichever thread asks first; an instance may bring its own."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[T]": ...

    @overload
    def __get__(self, instance: "Services", owner: type) -> T: ...

    def __get__(self, instance: "Services | None", owner: type) -> "once[T] | T":
        if instance is None:
            return self
        parts: dict[str, T] = vars(instance)
        with instance.lock:
            if self._name not in parts:
                # From now on Python finds the value in the instance, before this descriptor.
                parts[self._name] = self._build(instance)
            return parts[self._name]


class Services:
    """The use cases over their adapters.

    Nothing is imported, opened or loaded before it is needed: a function that recommends never loads the encoder's
    networks, and importing functions/main.py creates no client. Any adapter can be replaced::

        Services(Settings(), people=MemoryDatabase(), photos=MemoryObjects())
    """

    def __init__(
        self,
        settings: Settings,
        *,
        wardrobe: "Wardrobe | None" = None,
        usage: "Usage | None" = None,
        bookmarks: "Bookmarks | None" = None,
        closets: "Closets | None" = None,
        people: "People | None" = None,
        accounts: "Accounts | None" = None,
        users: "Users | None" = None,
        exports: "Exports | None" = None,
        personal_documents: "PersonalDocuments | None" = None,
        item_documents: "ItemDocuments | None" = None,
        photos: "StreamedObjectStore | None" = None,
        index_store: "ObjectStore | None" = None,
        fetcher: "PhotoFetcher | None" = None,
        decode: "Callable[[bytes], Picture] | None" = None,
        make_thumbnails: "Callable[[bytes, Sequence[int]], Sequence[bytes]] | None" = None,
        encoder: "Encoder | None" = None,
        open_bundle: "Callable[[Path], Index] | None" = None,
    ) -> None:
        self.settings = settings
        self.lock = RLock()
        replaced = {
            "wardrobe": wardrobe,
            "usage": usage,
            "bookmarks": bookmarks,
            "closets": closets,
            "people": people,
            "accounts": accounts,
            "users": users,
            "exports": exports,
            "personal_documents": personal_documents,
            "item_documents": item_documents,
            "photos": photos,
            "index_store": index_store,
            "fetcher": fetcher,
            "decode": decode,
            "make_thumbnails": make_thumbnails,
            "encoder": encoder,
            "open_bundle": open_bundle,
        }
        vars(self).update({name: part for name, part in replaced.items() if part is not None})

    @once
    def reconciler(self) -> "Reconciler":
        from closetspace.services.item_photos import ItemPhotos
        from closetspace.services.reconcile import Reconciler

        return Reconciler(
            wardrobe=self.wardrobe,
            photos=ItemPhotos(self.photos, self.fetcher),
            decode=self.decode,
            make_thumbnails=self.make_thumbnails,
            encoder=self.encoder,
            settings=self.settings,
            usage=self.usage,
            remove_if_leaving=self.account_remover.remove_arriving,
        )

    @once
    def sweeper(self) -> "Sweeper":
        from closetspace.services.audit import Auditor
        from closetspace.services.sweep import Sweeper

        auditor = Auditor(self.wardrobe, self.photos, self.bookmarks, self.settings, self.loss_guard)
        return Sweeper(self.wardrobe, self.reconciler, auditor, self.settings, time.monotonic)

    @once
    def loss_guard(self) -> "LossGuard":
        from closetspace.services.loss_guard import LossGuard

        return LossGuard(self.wardrobe, self.accounts, self.bookmarks, self.photos)

    @once
    def taste_keeper(self) -> "TasteKeeper":
        from closetspace.services.refresh_taste import TasteKeeper

        return TasteKeeper(self.closets, encoder_id(self.settings), self.priors.get)

    @once
    def recommender(self) -> "Recommender":
        from closetspace.services.recommend import Recommender

        return Recommender(self.people, self.usage, self.live_index.get, self.priors.get)

    @once
    def feedback_keeper(self) -> "FeedbackKeeper":
        from closetspace.services.feedback import FeedbackKeeper

        return FeedbackKeeper(self.people, self.live_index.get)

    @once
    def account_remover(self) -> "AccountRemover":
        from closetspace.services.delete_account import AccountRemover

        return AccountRemover(self.accounts, self.personal_documents, self.photos, self.users, self.settings)

    @once
    def personal_archive(self) -> "PersonalArchive":
        from closetspace.services.personal_archive import PersonalArchive

        return PersonalArchive(self.personal_documents, self.photos, self.priors.get)

    @once
    def data_exporter(self) -> "DataExporter":
        from closetspace.services.export_data import DataExporter

        return DataExporter(self.exports, self.photos, self.personal_archive, self.settings)

    @once
    def index_versions(self) -> "IndexVersions":
        from closetspace.services.index_versions import IndexVersions

        return IndexVersions(self.index_store)

    @once
    def live_index(self) -> "LiveIndex":
        from closetspace.services.live_index import LiveIndex

        return LiveIndex(self.index_versions, self.open_bundle, self.settings.index_check_seconds)

    @once
    def wardrobe(self) -> "Wardrobe":
        from closetspace.adapters.firestore.wardrobe import FirestoreWardrobe
        from closetspace.domain.wardrobe.photo import PhotoSources

        settings = self.settings
        sources = PhotoSources(settings.allowed_photo_hosts, settings.photo_bucket or settings.default_bucket or "")
        return FirestoreWardrobe(self._firestore, settings.wardrobe_collection, sources)

    @once
    def usage(self) -> "Usage":
        from closetspace.adapters.firestore.usage import FirestoreUsage

        return FirestoreUsage(self._firestore, self.settings.wardrobe_collection)

    @once
    def bookmarks(self) -> "Bookmarks":
        from closetspace.adapters.firestore.bookmarks import FirestoreBookmarks

        return FirestoreBookmarks(self._firestore)

    @once
    def closets(self) -> "Closets":
        from closetspace.adapters.firestore.closets import FirestoreClosets

        return FirestoreClosets(self._firestore)

    @once
    def people(self) -> "People":
        from closetspace.adapters.firestore.people import FirestorePeople

        return FirestorePeople(self._firestore)

    @once
    def accounts(self) -> "Accounts":
        from closetspace.adapters.firestore.accounts import FirestoreAccounts

        return FirestoreAccounts(self._firestore)

    @once
    def users(self) -> "Users":
        from closetspace.adapters.authentication import FirebaseUsers

        return FirebaseUsers()

    @once
    def exports(self) -> "Exports":
        from closetspace.adapters.firestore.exports import FirestoreExports

        return FirestoreExports(self._firestore)

    @once
    def personal_documents(self) -> "PersonalDocuments":
        from closetspace.adapters.firestore.personal_documents import FirestorePersonalDocuments

        return FirestorePersonalDocuments(self._firestore, self.settings.wardrobe_collection)

    @once
    def item_documents(self) -> "ItemDocuments":
        from closetspace.adapters.firestore.item_documents import FirestoreItemDocuments

        return FirestoreItemDocuments(self._firestore, self.settings.wardrobe_collection)

    @once
    def photos(self) -> "StreamedObjectStore":
        return open_store(f"gs://{self.settings.photo_bucket_name}")

    @once
    def index_store(self) -> "ObjectStore":
        return open_store(self.settings.index_store or f"gs://{self.settings.photo_bucket_name}")

    @once
    def fetcher(self) -> "PhotoFetcher":
        from closetspace.adapters.images.download import HttpPhotos
        from closetspace.adapters.network.fetching import FetchLimits

        settings = self.settings
        limits = FetchLimits(settings.max_photo_bytes, settings.fetch_seconds)
        return HttpPhotos(settings.allowed_photo_hosts, limits)

    @once
    def decode(self) -> "Callable[[bytes], Picture]":
        return self._decoding_pool

    @once
    def make_thumbnails(self) -> "Callable[[bytes, Sequence[int]], Sequence[bytes]]":
        return self._decoding_pool.thumbnails

    @once
    def _decoding_pool(self) -> "DecodingPool":
        return decoding_pool(self.settings)

    @once
    def encoder(self) -> "Encoder":
        return load_encoder(self.settings)

    @once
    def open_bundle(self) -> "Callable[[Path], Index]":
        return bundle_opener(self.settings)

    @once
    def priors(self) -> "dict[str, EncoderPriors]":
        """The priors of the encoder in use and of all shipped encoders, by their ids."""
        return encoder_priors(self.settings)

    @once
    def _firestore(self) -> "firestore.Client":
        return _firestore_client()


def open_store(address: str) -> "StreamedObjectStore":
    """Return the store at ``gs://BUCKET``, or in a folder.

    Raises:
        InvalidInput: the address names no bucket.
        FailedPrecondition: there are no credentials for Cloud Storage.
    """
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
    return GcsObjects(client, bucket)


def load_encoder(settings: Settings) -> "Encoder":
    """Return the encoder in use; its networks are loaded when they first encode."""
    from closetspace.adapters.encoder.files import encoder_directory
    from closetspace.adapters.encoder.onnx import OnnxEncoder

    return OnnxEncoder(encoder_directory(settings.encoder), threads=settings.encoder_threads)


def encoder_priors(settings: Settings) -> dict[str, "EncoderPriors"]:
    """Return the priors of the encoder in use and of all shipped encoders, by their ids; loads no network.

    Earlier versions of shipped encoders (``models/NAME/earlier/ID``) have what priors need and no networks. With it,
    lists stay the same while a system migrates from one of them.
    """
    from closetspace.adapters.encoder.files import MANIFEST, encoder_directory, models_directory, read_descriptor
    from closetspace.adapters.encoder.reference import read_reference
    from closetspace.domain.encoder.priors import EncoderPriors

    priors = {}
    for folder in {encoder_directory(settings.encoder), *(path.parent for path in models_directory().rglob(MANIFEST))}:
        if (folder / MANIFEST).is_file():
            descriptor = read_descriptor(folder)
            priors[descriptor.id] = EncoderPriors(descriptor.heads, read_reference(folder, descriptor))
    return priors


def encoder_id(settings: Settings) -> str:
    """Return the id of the encoder in use; loads no network."""
    from closetspace.adapters.encoder.files import encoder_directory, read_descriptor

    return read_descriptor(encoder_directory(settings.encoder)).id


def decoding_pool(settings: Settings, *, start: bool = True) -> "DecodingPool":
    """Return the decoder for untrusted photos: in processes with limits of time and memory, which may start now."""
    from closetspace.adapters.images.sandbox import DecodingPool

    return DecodingPool(max_pixels=settings.max_photo_pixels, workers=settings.decoding_processes, start=start)


def photo_decoder(settings: Settings) -> "Callable[[bytes], Picture]":
    """Return the decoder for photos of one's own, in this process: bytes to an upright picture."""
    from closetspace.adapters.images.decoding import decode_photo

    return partial(decode_photo, max_pixels=settings.max_photo_pixels)


def bundle_opener(settings: Settings) -> "Callable[[Path], Any]":
    """Return a function that opens and verifies the index in a folder."""
    from closetspace.adapters.index.reader import Bundle

    return partial(Bundle, exact_scan_items=settings.exact_scan_items)


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
