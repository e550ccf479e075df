"""What the catalog's store says of itself."""

from datetime import UTC, datetime

from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.operations.cloud_status.deployment import Catalog
from catalog_jobs.operations.run_history.telling import ended_well
from closetspace.errors import Incompatible, NotFound
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions

_RECENT = 10
"""Runs that are looked at for one that ended well."""


def read_catalog(address: str, store: ObjectStore) -> Catalog:
    """Read the index in use and the last runs."""
    versions = IndexVersions(store)
    current, runs = versions.current(), RunRecords(store).newest(_RECENT)
    good = [record.started for record in runs if ended_well(record) and not record.dry_run]
    return Catalog(
        store=address,
        version=current.version if current else None,
        built=_built(versions, current.version) if current else None,
        last_run=runs[0] if runs else None,
        last_good=max(good, default=None),
    )


def _built(versions: IndexVersions, version: str) -> datetime | None:
    try:
        created = datetime.fromisoformat(versions.manifest(version).created)
    except (NotFound, Incompatible):  # of another release: its age can't be told
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)
