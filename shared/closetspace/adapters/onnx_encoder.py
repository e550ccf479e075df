"""Encoders shipped as ONNX files, run on the CPU by onnxruntime.

onnxruntime and tokenizers are imported when something first needs them.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from closetspace.adapters.encoder_files import read_descriptor
from closetspace.adapters.onnx_features import OnnxFeatures
from closetspace.domain.colour import dominant_colours
from closetspace.domain.encoding import EncoderDescriptor, Encoding, Garment
from closetspace.domain.fusion import BlockMeans, Blocks, Fusion

FUSION = "fusion.npz"


class OnnxEncoder:
    """The encoder of one folder; satisfies ``closetspace.domain.encoding.Encoder``."""

    def __init__(self, directory: Path, threads: int = 1) -> None:
        self._descriptor = read_descriptor(directory)
        self._features = OnnxFeatures(directory, self._descriptor.files, threads)

    @property
    def descriptor(self) -> EncoderDescriptor:
        return self._descriptor

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        """Encode a batch, in order; raises ``Incompatible`` when a file is not the manifest's."""
        fusion = self._features.load(FUSION, read_fusion)
        return [self._encoding(fusion, blocks) for blocks in self._features.blocks(garments)]

    def _encoding(self, fusion: Fusion, blocks: Blocks) -> Encoding:
        joined = fusion.means.join(blocks)
        category, confidence = fusion.category(joined)
        colours = () if blocks.colour is None else dominant_colours(blocks.colour)
        return Encoding(fusion.vector(joined), self._descriptor.categories[category], confidence, colours)


def read_fusion(content: bytes) -> Fusion:
    """Read what was fitted from the bytes of an ``.npz`` (stored as float16, used as float32)."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        stored = {name: arrays[name].astype(np.float32) for name in arrays.files}
    means = BlockMeans(stored["image_mean"], stored["text_mean"], stored["colour_mean"])
    unknown = stored["unknown"] / np.linalg.norm(stored["unknown"])  # rounding took it off the unit sphere
    return Fusion(means, stored["projection"], unknown, stored["head"], stored["head_bias"])
