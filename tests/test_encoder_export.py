"""The export, from pretrained weights to an encoder that loads: only where the extra ``train`` is installed."""

from pathlib import Path

import numpy as np
import pytest

from catalog_jobs.drawing import draw_catalog
from closetspace.adapters.onnx_encoder import OnnxEncoder
from closetspace.domain.encoding import Garment

pytest.importorskip("torch", reason="exporting needs torch: pip install -e '.[train]'")
pytest.importorskip("sentence_transformers", reason="exporting needs transformers: pip install -e '.[train]'")


def test_export_makes_an_encoder_that_loads_and_tells_garments_apart(tmp_path: Path) -> None:
    from catalog_jobs.encoder_export import export_encoder

    draw_catalog(tmp_path / "products", items=400)
    told: list[str] = []
    result = export_encoder(tmp_path / "products", None, tmp_path / "encoder", seed=1, progress=told.append)
    assert told
    encoder = OnnxEncoder(tmp_path / "encoder")
    assert (encoder.descriptor.id, encoder.descriptor.dim) == (result["id"], result["dim"])
    assert "Topwear" in encoder.descriptor.categories
    shirt, again, watch = (
        encoding.vector
        for encoding in encoder.encode(
            [Garment(None, "Navy Shirt"), Garment(None, "Navy Blue Shirt"), Garment(None, "Golden Watch")]
        )
    )
    assert np.linalg.norm(shirt) == pytest.approx(1, abs=1e-3)
    assert shirt @ again > shirt @ watch
