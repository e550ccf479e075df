"""Parts of the HTML pages that reports consist of. A page refers to no other file."""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from closetspace.domain.encoder.encoding import Picture

Decode = Callable[[bytes], Picture]

_SIDE, _QUALITY = 112, 72  # pixels; a page of 20 photos and two encoders is about 2 MB


def page_template(package: str) -> Template:
    """Return the ``report.html.j2`` of a package. All values are escaped: names and labels are untrusted."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def thumbnail(path: Path, decode: Decode) -> str:
    """Return a small JPEG of a picture as a data URI."""
    image = Image.fromarray(decode(path.read_bytes()))
    image.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
