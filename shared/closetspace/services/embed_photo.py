"""Turn a photo's bytes into an encoding and a verdict: the one path from a file to a vector."""

from collections.abc import Callable
from dataclasses import dataclass

from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment, Picture
from closetspace.domain.wardrobe.photo import photo_too_large
from closetspace.domain.wardrobe.photo_quality import Verdict, judge_photo
from closetspace.settings import Settings
from closetspace.spans import span


@dataclass(frozen=True)
class EmbeddedPhoto:
    """A decoded photo, its encoding, and whether it is good enough."""

    picture: Picture
    encoding: Encoding
    verdict: Verdict


@dataclass(frozen=True)
class PhotoEmbedder:
    """Decodes, encodes and judges photos by one deployment's settings."""

    decode: Callable[[bytes], Picture]
    encoder: Encoder
    settings: Settings

    def embed(self, data: bytes, name: str = "", brand: str = "") -> EmbeddedPhoto:
        """Embed a photo with its garment's name and brand.

        Raises `InvalidInput` if the bytes are too many or can't be decoded; a photo without a garment is no error
        here, its verdict is a `Fault`.
        """
        settings = self.settings
        if len(data) > settings.max_photo_bytes:
            raise photo_too_large(settings.max_photo_bytes)
        with span("decode"):
            picture = self.decode(data)
        with span("encode"):
            encoding = self.encoder.encode([Garment(picture, name, brand)])[0]
        verdict = judge_photo(
            encoding,
            picture,
            no_garment_below=settings.no_garment_below,
            unsure_garment_below=settings.unsure_garment_below,
            unclear_category_below=settings.unclear_category_below,
        )
        return EmbeddedPhoto(picture, encoding, verdict)
