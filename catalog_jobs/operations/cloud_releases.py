"""Releases of the functions: which share of the requests each answers, and how to change that. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog_jobs.operations.cloud_status.services import Revision, Traffic
from closetspace.errors import FailedPrecondition, InvalidInput

UNNAMED = "unnamed"
"""Stands for the revisions that were deployed without a release's name."""


@dataclass(frozen=True)
class ServiceReleases:
    """A function's service: its revisions, the newest first, and its traffic."""

    function: str
    revisions: Sequence[Revision]
    traffic: Traffic

    def newest_of(self, release: str) -> Revision | None:
        """Return the newest revision of a release, None if it has none."""
        return next((revision for revision in self.revisions if release_of(revision) == release), None)

    def shares(self) -> Mapping[str, int]:
        """Return the share of each release, in percent."""
        names = {revision.name: release_of(revision) for revision in self.revisions}
        shares: Counter[str] = Counter()
        for revision, percent in self.traffic.shares.items():
            shares[names.get(revision, UNNAMED)] += percent
        return shares


def release_of(revision: Revision) -> str:
    """Return the release of a revision."""
    return revision.release or UNNAMED


def releases(services: Iterable[ServiceReleases]) -> list[str]:
    """Return all releases, the newest first."""
    everything = [revision for service in services for revision in service.revisions]
    ordered = sorted(everything, key=lambda revision: revision.created, reverse=True)
    return list(dict.fromkeys(map(release_of, ordered)))


def split(services: Sequence[ServiceReleases], percent: int) -> list[Traffic]:
    """Return the traffic that gives the newest release so many percent, and the release before it the rest.

    A service without the release before, such as that of a new function, gives all to the newest.
    """
    newest, *before = releases(services) or [UNNAMED]
    if percent < 100 and not before:
        raise FailedPrecondition("There is only one release: give it 100, or deploy another one first.")
    return [_split(service, newest, before[0] if before else "", percent) for service in services]


def only(services: Sequence[ServiceReleases], release: str | None) -> list[Traffic]:
    """Return the traffic that gives everything to a release, by default to the one before the newest.

    Raises `InvalidInput` for an unknown release, and `FailedPrecondition` if there is none before the newest.
    """
    known = releases(services)
    if release is None and len(known) < 2:
        raise FailedPrecondition("There is no release to go back to: only one was deployed.")
    chosen = known[1] if release is None else release
    if chosen not in known:
        raise InvalidInput("release_unknown", f"There is no release {chosen}. The releases are {', '.join(known)}.")
    # A function that the release does not have keeps what it has: nothing calls it then.
    revisions = [(service, service.newest_of(chosen)) for service in services]
    return [Traffic(service.traffic.service, {revision.name: 100}) for service, revision in revisions if revision]


def _split(service: ServiceReleases, newest: str, before: str, percent: int) -> Traffic:
    first = service.newest_of(newest) or service.revisions[0]
    second = service.newest_of(before)
    shares = {first.name: percent, second.name: 100 - percent} if second else {first.name: 100}
    return Traffic(service.traffic.service, {name: share for name, share in shares.items() if share})
