"""The comparison as one HTML page that needs nothing from anywhere."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.encoders.comparison import Compared, comparison
from catalog_jobs.evaluation.encoders.material import Decode, Material, Photo, can_be_sold, evenly_over_classes, fits

PHOTOS = 20
_SIDE, _QUALITY = 112, 72  # pixels; a page of 20 photos and two encoders is about 2 MB


@dataclass(frozen=True)
class Neighbour:
    """A product near a photo; ``right`` is None where nobody knows what fits."""

    picture: str
    text: str
    right: bool | None


@dataclass(frozen=True)
class Shown:
    """A photo, and of each encoder its id and the products nearest to it; pictures are data URIs."""

    photo: Photo
    picture: str
    found: Sequence[tuple[str, Sequence[Neighbour]]]


def report(compared: Sequence[Compared], material: Material, decode: Decode) -> str:
    """Return the page: a table, photos with their nearest products, confusion of categories, reliability."""
    return template("catalog_jobs.evaluation.encoders").render(
        compared=compared, lines=comparison(compared), shown=_shown(compared, material, decode), material=material
    )


def template(package: str) -> Template:
    """Return a package's ``report.html.j2``, in which every word is escaped: names and labels are anybody's."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _shown(compared: Sequence[Compared], material: Material, decode: Decode) -> list[Shown]:
    chosen = evenly_over_classes(material.validation, PHOTOS)
    return [_shown_photo(compared, material, decode, row) for row in chosen]


def _shown_photo(compared: Sequence[Compared], material: Material, decode: Decode, row: int) -> Shown:
    photo = material.validation[row]
    found = [
        (one.id, [_neighbour(photo, material.products[n], decode) for n in one.measured.nearest[row]])
        for one in compared
    ]
    return Shown(photo, thumbnail(photo.path, decode), found)


def _neighbour(photo: Photo, product: LabelledProduct, decode: Decode) -> Neighbour:
    known = can_be_sold(photo.kind) and product.label("articleType")
    text = " - ".join(part for part in (product.item.name, product.label("articleType")) if part)
    return Neighbour(thumbnail(product.picture, decode), text, fits(photo.kind, product) if known else None)


def thumbnail(path: Path, decode: Decode) -> str:
    """Return a small JPEG of a picture as a data URI."""
    image = Image.fromarray(decode(path.read_bytes()))
    image.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
