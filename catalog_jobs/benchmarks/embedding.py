"""How fast photos become vectors, in a warm process."""

import io
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image, ImageFilter

from catalog_jobs.benchmarks import Measurement
from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.encoders.embedding import file_embedder
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings

TWELVE_MEGAPIXELS = (4000, 3000)
PHOTOS, CATALOG = 15, 480


def measure() -> list[Measurement]:
    """A phone's photo on one core, and a catalog on all of them."""
    return [
        Measurement("12-megapixel JPEG with its name, decoded and embedded, one core", _phone_photo() * 1000, "ms", 60),
        Measurement(
            "catalog embedding, 224-pixel photos with names, all cores", _catalog(), "items/s", 150, at_most=False
        ),
    ]


def _phone_photo() -> float:
    settings = Settings(encoder_threads=1)
    decode, encoder = photo_decoder(settings), load_encoder(settings)
    data, times = _photograph(), []
    for number in range(PHOTOS + 2):
        started = time.perf_counter()
        encoder.encode([Garment(decode(data), f"Striped Blue Shirt {number}", "Northfold")])
        times.append(time.perf_counter() - started)
    return median(times[2:])


def _photograph() -> bytes:
    """As detailed as a photo: noise that a lens has softened."""
    width, height = TWELVE_MEGAPIXELS
    noise = np.random.default_rng(1).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    image = (
        Image.fromarray(noise).resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))
    )
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92)
    return file.getvalue()


def _catalog() -> float:
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        draw_catalog(Path(folder), items=CATALOG)
        items = [replace(item, image=str(picture)) for item, picture in read_folder(Path(folder)).items]
        embedder = file_embedder(load_encoder(settings), settings)
        embedder.embed(items[:32], lambda *_: None)
        started = time.perf_counter()
        embedder.embed(items, lambda *_: None)
        return len(items) / (time.perf_counter() - started)
