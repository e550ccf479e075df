"""The cost of a month: usage from the code and from the assumptions below, times list prices.

``python -m closetspace_infra.costs`` prints the table of docs/operating.md. Prices are Google's list prices for
us-central1 in US dollars, as published in 2026; check them before you rely on them.
"""

from dataclasses import dataclass

from closetspace.settings import Settings

GB, MB, KB = 1.0, 1e-3, 1e-6

ITEMS = 50
"""Items in a person's wardrobe."""

NEW_ITEMS = 2
"""Items added per month to an existing wardrobe."""

VISITS = 2 * 52 / 12
"""Visits per month: two a week."""

RECOMMENDS = 2 * VISITS
"""Calls of recommend per month: two per visit."""

OPINIONS = 5
"""Calls of feedback per month."""

PHOTO = 3 * MB

THUMBNAILS = 2
THUMBNAIL = 40 * KB
"""Of 640 pixels, the largest of a photo's (adapters/images/thumbnails.py)."""

SHOWN_PHOTOS = 5
"""Photos of which the owner's browser downloads a thumbnail per visit; the others are in its cache."""

READS_A_RECOMMEND = 8
"""Closet, taste, feedback, shown, preferences and the mark of a leaving account (adapters/firestore/people.py); on a
first page two counts for the items in progress (services/closet_progress.py)."""

READS_A_NEW_ITEM = 5 + 10 + 2 + 4
"""Without the photo: read, whether the account stays, and read again to commit. With it: the same, both quotas,
announce, find the closet's document, commit; taste; and its owner's listener (services/reconcile.py,
services/refresh_taste.py)."""

WRITES_A_NEW_ITEM = 1 + 1 + 1 + 1 + 2 + 1
"""Item, waiting, quota, processing, ready with the closet's entry, taste."""

PERSON = 200 * KB
"""In Firestore: a closet of 31 KB, 50 items and 50 states of 1.4 KB each with their indexes, taste, lists, opinions."""

RECOMMEND_SECONDS = 0.1
"""Of an instance, the minimum that is charged: 3.5 ms of processor time and two round trips to Firestore."""

NEW_ITEM_SECONDS = 0.1 + 0.3 + 0.1
"""Of an instance, for three events: one finds no photo; one reads, decodes, embeds (42 ms) and commits; one derives the
taste, on a smaller instance than assumed here."""

SWEEPS = 6 * 24 * 365 / 12

READS_A_SWEEP = 6 * Settings.audited_per_sweep + 20
"""Items, states and photos, and with each item its state, with each state its item, with each photo both
(services/audit.py); 20 for the number of items and states (services/loss_guard.py)."""

LISTED = 20
"""Catalog items in a list of recommendations, each shown by a thumbnail."""

CATALOG_THUMBNAIL = 20 * KB
"""Of 640 pixels: a product before white is smaller than a person's photo."""

INDEX_ITEM, PICTURE, VECTOR_ITEM = 4.0 * KB, 53 * KB, 1.35 * KB
"""Per item in the catalog's store: in each version of the index, its picture (30 KB) with thumbnails (23 KB), its
stored vectors."""

NEW_PICTURES = 0.01 * 365 / 12
"""Of the catalog's pictures per month: one per cent a night."""

VERSIONS = 28
"""Of the index: the refresh keeps them for 14 days, and the bucket for 14 more."""

REFRESH_SECONDS = 2 * 3600 * 365 / 12
"""Of the job per month: two hours a night, nearly all for the pauses of a polite crawl."""

VCPU, GIB, JOB_VCPU, JOB_GIB = 24e-6, 2.5e-6, 18e-6, 2e-6
"""Dollars per second: of functions, which are charged while they answer, and of jobs."""


@dataclass(frozen=True)
class Cost:
    """A monthly usage per person (``each``) and in total (``fixed``), of which ``free`` cost nothing."""

    what: str
    why: str
    price: float
    each: float = 0.0
    fixed: float = 0.0
    free: float = 0.0

    def dollars(self, people: int) -> float:
        """Return the dollars per month for this many people."""
        return max(self.each * people + self.fixed - self.free, 0.0) * self.price


def costs(items: int) -> list[Cost]:
    """Return everything that is charged, for a catalog of this many items."""
    lists = VISITS * 2 * ITEMS
    reads = lists + RECOMMENDS * READS_A_RECOMMEND + NEW_ITEMS * READS_A_NEW_ITEM + OPINIONS
    writes = RECOMMENDS + NEW_ITEMS * WRITES_A_NEW_ITEM + OPINIONS
    answers = (RECOMMENDS + OPINIONS) * RECOMMEND_SECONDS
    embedding = NEW_ITEMS * NEW_ITEM_SECONDS
    audited = SWEEPS * READS_A_SWEEP
    catalog = items * (VERSIONS * INDEX_ITEM + PICTURE + VECTOR_ITEM)
    month = 365 / 12
    return [
        Cost(
            "Firestore, reads",
            f"{reads:,.0f} per person, {lists:,.0f} for lists; {audited / 1e6:.1f} million by the sweeper",
            0.03e-5,
            reads,
            audited,
            50e3 * month,
        ),
        Cost("Firestore, writes", f"{writes:.0f} per person", 0.09e-5, writes, 0, 20e3 * month),
        Cost("Firestore, data", "200 KB per person", 0.15, PERSON, 0, 1),
        Cost("Firestore, point-in-time recovery", "the data once more", 0.15, PERSON),
        Cost("Firestore, backups", "7 times the data", 0.03, 7 * PERSON),
        Cost("photos, stored", f"{ITEMS} of 3 MB per person", 0.020, ITEMS * PHOTO),
        Cost("photos, shown", f"{SHOWN_PHOTOS} of 40 KB per visit", 0.12, VISITS * SHOWN_PHOTOS * THUMBNAIL),
        Cost("photos, uploads", f"{NEW_ITEMS} per person, with thumbnails", 5e-6, NEW_ITEMS * (1 + THUMBNAILS)),
        Cost(
            "catalog pictures, shown",
            f"{LISTED} of 20 KB per recommendation",
            0.12,
            RECOMMENDS * LISTED * CATALOG_THUMBNAIL,
        ),
        Cost(
            "catalog pictures, uploads",
            "1 % new per night, with thumbnails",
            5e-6,
            0,
            items * NEW_PICTURES * (1 + THUMBNAILS),
        ),
        Cost("recommend, feedback", f"{answers:.1f} s per person, 1 CPU, 1 GiB", VCPU + GIB, answers, 0, 180e3),
        Cost("embedding photos", f"{embedding:.1f} s per person, 2 CPU, 2 GiB", 2 * (VCPU + GIB), embedding),
        Cost("sweeper", f"{SWEEPS:,.0f} of 1 s, 2 CPU, 2 GiB", 2 * (VCPU + GIB), 0, SWEEPS),
        Cost("requests", "28 per person", 0.4e-6, RECOMMENDS + OPINIONS + 3 * NEW_ITEMS, SWEEPS, 2e6),
        Cost("logs", "1 KB per request", 0.50, 28 * KB, 0, 50),
        Cost("refresh", "2 hours per night, 2 CPU, 4 GiB", 2 * JOB_VCPU + 4 * JOB_GIB, 0, REFRESH_SECONDS),
        Cost("catalog and indexes", f"{catalog:.1f} GB", 0.020, 0, catalog),
        Cost("images", "3 GB", 0.10, 0, 3, 0.5),
        Cost("alerts", "17 conditions, each every minute", 0.15, 0, 17),
        Cost("secret", "1", 0.06, 0, 1),
    ]


def table(columns: tuple[tuple[int, int], ...] = ((1_000, 20_000), (1_000_000, 100_000))) -> str:
    """Return the costs as a Markdown table, with a column for each number of people and items."""
    by_column = [costs(items) for _, items in columns]
    heads = [f"{people:,} people, {items:,} items" for people, items in columns]
    lines = ["| what | per month | " + " | ".join(heads) + " |", "|---|---|" + "---:|" * len(columns)]
    for row in zip(*by_column, strict=True):
        why = "; ".join(dict.fromkeys(cost.why for cost in row))
        dollars = [f"{cost.dollars(people):,.2f}" for cost, (people, _) in zip(row, columns, strict=True)]
        lines.append(f"| {row[0].what} | {why} | " + " | ".join(dollars) + " |")
    totals = [sum(c.dollars(people) for c in each) for each, (people, _) in zip(by_column, columns, strict=True)]
    lines.append("| **total, in dollars** | | " + " | ".join(f"**{total:,.0f}**" for total in totals) + " |")
    return "\n".join(lines)


def joining() -> float:
    """Return the dollars that a new person's whole wardrobe costs once: events, embedding, uploads."""
    firestore = READS_A_NEW_ITEM * 0.03e-5 + WRITES_A_NEW_ITEM * 0.09e-5
    return ITEMS * (firestore + NEW_ITEM_SECONDS * 2 * (VCPU + GIB) + 5e-6 * (1 + THUMBNAILS))


if __name__ == "__main__":
    print(table())
    print(f"\nA new person with {ITEMS} photos costs {100 * joining():.1f} cents, once.")
