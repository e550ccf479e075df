"""What exported networks make of pictures and lines, for what is fitted on top of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from closetspace.adapters.encoder.files import TEXT_NETWORK, TOKENIZER
from closetspace.adapters.encoder.onnx import text_features, tokenizer
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.encoder.vectors import FloatArray

Encode = Callable[[Sequence[Picture]], FloatArray]


def image_runner(network: Path) -> Encode:
    """Return what turns squares into features ``(n, i)``, on one thread; several threads may share it."""
    session = _session(network)

    def encode(pictures: Sequence[Picture]) -> FloatArray:
        features: FloatArray = session.run(None, {"pixels": np.stack(pictures)})[0]
        return features

    return encode


def encoded_lines(folder: Path, lines: Sequence[Sequence[str]]) -> FloatArray:
    """Encode ``n`` rows of ``m`` lines to ``(n, m, t)``, each line once; an empty one is zeros."""
    words, session = tokenizer((folder / TOKENIZER).read_bytes()), _session(folder / TEXT_NETWORK)
    known = {line: text_features(words, session, line) for line in {line for row in lines for line in row} if line}
    nothing = np.zeros(session.get_outputs()[0].shape[1], np.float32)
    return np.array([[known.get(line, nothing) for line in row] for row in lines], np.float32)


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
