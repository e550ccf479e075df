"""The last steps: a first catalog, what the frontend needs, and a look at what is deployed."""

from pathlib import Path

from closetspace_infra.deploy import terraform
from closetspace_infra.deploy.steps import Deployment, Step

DRAWN = "drawn"
"""The name of the drawn catalog, which needs no source."""

DRAWINGS = Path(".local/drawings/catalog")


def first_catalog(to: Deployment) -> list[Step]:
    """Return the steps that fill the catalog; none if no source is given."""
    if not to.catalog:
        return []
    source = str(DRAWINGS) if to.catalog == DRAWN else to.catalog
    published = (
        "gcloud",
        "storage",
        "objects",
        "describe",
        f"{to.store}/index/current.json",
        f"--project={to.project}",
    )
    draw = Step(
        "drawings",
        "a catalog of drawn garments, to begin with",
        ("closetspace", "cloud", "draw-catalog", str(DRAWINGS)),
        0.3,
    )
    fill = Step(
        "catalog",
        "a first catalog and index, unless there is one",
        ("closetspace", "catalog", "refresh", f"--source={source}", f"--store={to.store}"),
        2,
        unless=published,
    )
    return [draw, fill] if to.catalog == DRAWN else [fill]


def final_steps(to: Deployment) -> list[Step]:
    """Return the steps after everything is deployed."""
    refresh = Step(
        "refresh",
        "a refresh of the shops, without waiting for the schedule",
        ("gcloud", "run", "jobs", "execute", "catalog-refresh", "--wait", *to.place),
        10,
    )
    return [
        *([refresh] if to.refresh else []),
        terraform.output(to, "frontend", "the frontend's firebaseConfig", "firebase_config"),
        Step(
            "status",
            "what is deployed is compared with the repository",
            ("closetspace", "cloud", "status", *to.place, f"--store={to.store}"),
            0.2,
            hint="If only the index is missing, everything else is deployed: run this again with --catalog drawn, a"
            " folder or a feed.",
        ),
    ]
