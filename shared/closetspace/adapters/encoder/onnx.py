"""Encoders in ONNX files, run on the CPU by onnxruntime.

There are three networks. ``image.onnx`` turns ``pixels (n, side, side, 3) uint8`` into ``features (n, i)``.
``text.onnx`` turns ``ids`` and ``mask (n, tokens) int64`` into ``features (n, t)``. ``fusion.onnx`` turns ``image
(n, i)``, ``has_image (n, 1)``, ``text (n, lines, t)`` and ``has_text (n, lines)``, with zeros for missing inputs, into
``vector (n, dim)`` of unit length and the probabilities ``(n, labels)`` of each head under its name. If the manifest
sets ``tells_garment``, it also returns ``garment (n, 1)``, the probability that the photo shows a garment.

onnxruntime, tokenizers and the files are loaded when they are first needed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np

from closetspace.adapters.encoder.files import (
    FUSION_NETWORK,
    IMAGE_NETWORK,
    TEXT_NETWORK,
    TOKENIZER,
    read_descriptor,
    read_file,
)
from closetspace.adapters.images.resizing import square
from closetspace.domain.encoder.descriptor import CATEGORY, EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoding, Garment, Shares
from closetspace.domain.encoder.preprocessing import garment_line
from closetspace.domain.encoder.vectors import FloatArray

MIN_SHARE = 0.01
"""Labels with a lower probability are left out of an encoding."""

GARMENT = "garment"
"""The output of the fusion network that distinguishes garments from other pictures."""

_IMAGE_BATCH = 16  # larger batches are no faster, because their activations do not fit into the cache
_MAX_TOKENS = 128

_T = TypeVar("_T")


class OnnxEncoder:
    """`closetspace.domain.encoder.encoding.Encoder` over an encoder's folder."""

    def __init__(self, directory: Path, threads: int = 1) -> None:
        self._directory = directory
        self._threads = threads
        self._descriptor = read_descriptor(directory)
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    @property
    def descriptor(self) -> EncoderDescriptor:
        return self._descriptor

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        """Encode a batch, in order. Raises `Incompatible` if a file has another checksum than in the manifest."""
        return self.fuse(self.features(garments)) if garments else []

    def features(self, garments: Sequence[Garment]) -> dict[str, FloatArray]:
        """Return the inputs of the fusion network, each garment's independent of the others."""
        fusion = self._load(FUSION_NETWORK, self._session)
        shapes = {node.name: node.shape for node in fusion.get_inputs()}
        n, lines = len(garments), len(self._descriptor.lines)
        image, has_image = np.zeros((n, shapes["image"][1]), np.float32), np.zeros((n, 1), np.float32)
        text, has_text = np.zeros((n, lines, shapes["text"][2]), np.float32), np.zeros((n, lines), np.float32)
        rows = [row for row, garment in enumerate(garments) if garment.picture is not None]
        for start in range(0, len(rows), _IMAGE_BATCH):
            batch = rows[start : start + _IMAGE_BATCH]
            image[batch], has_image[batch] = self._image_features([garments[row] for row in batch]), 1
        by_line: dict[str, FloatArray] = {}
        for row, garment in enumerate(garments):
            for position, fields in enumerate(self._descriptor.lines):
                line = garment_line(garment, fields)
                if line:
                    if line not in by_line:
                        by_line[line] = self._text_features(line)
                    text[row, position], has_text[row, position] = by_line[line], 1
        return {"image": image, "has_image": has_image, "text": text, "has_text": has_text}

    def fuse(self, features: dict[str, FloatArray]) -> list[Encoding]:
        """Turn the result of `features` into encodings."""
        detects_garment = self._descriptor.detects_garment
        names = ["vector", *self._descriptor.heads, *([GARMENT] if detects_garment else [])]
        outputs = dict(zip(names, self._load(FUSION_NETWORK, self._session).run(names, features), strict=True))
        has_input = (features["has_image"].sum(axis=1) + features["has_text"].sum(axis=1)).tolist()
        photo_vectors = self._photo_vectors(features, outputs["vector"])
        return [
            Encoding(
                outputs["vector"][row],
                self._descriptor.categories[int(outputs[CATEGORY][row].argmax())],
                {head: _shares(outputs[head][row], labels) for head, labels in self._descriptor.heads.items()}
                if has_input[row]
                else {},
                photo_vectors[row],
                float(outputs[GARMENT][row, 0]) if detects_garment and photo_vectors[row] is not None else None,
            )
            for row in range(len(has_input))
        ]

    def _photo_vectors(self, features: dict[str, FloatArray], vectors: FloatArray) -> list[FloatArray | None]:
        """Return the vector of each garment's photo alone: its own vector without text, None without a photo."""
        has_photo, has_text = features["has_image"][:, 0] > 0, features["has_text"].sum(axis=1) > 0
        photo_vectors = [vector if has else None for vector, has in zip(vectors, has_photo, strict=True)]
        both = np.flatnonzero(has_photo & has_text)
        if both.size:
            # The fusion takes .1 ms, a hundredth of the time of its inputs.
            inputs = {name: values[both] for name, values in features.items()}
            inputs |= {name: np.zeros_like(inputs[name]) for name in ("text", "has_text")}
            (alone,) = self._load(FUSION_NETWORK, self._session).run(["vector"], inputs)
            for position, row in enumerate(both.tolist()):
                photo_vectors[row] = alone[position]
        return photo_vectors

    def _image_features(self, garments: Sequence[Garment]) -> FloatArray:
        pictures = [garment.picture for garment in garments if garment.picture is not None]
        pixels = np.stack([square(picture, self._descriptor.side, self._descriptor.framing) for picture in pictures])
        return cast(FloatArray, self._load(IMAGE_NETWORK, self._session).run(None, {"pixels": pixels})[0])

    def _text_features(self, line: str) -> FloatArray:
        return text_features(self._load(TOKENIZER, build_tokenizer), self._load(TEXT_NETWORK, self._session), line)

    def _load(self, file: str, build: Callable[[bytes], _T]) -> _T:
        """Build an object from a file's checked content, once."""
        with self._lock:
            if file not in self._loaded:
                self._loaded[file] = build(read_file(self._directory, file, self._descriptor))
            return cast(_T, self._loaded[file])

    def _session(self, content: bytes) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Waiting threads sleep, because an instance serves other requests at the same time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def build_tokenizer(content: bytes) -> Any:
    """Build the tokenizer of a ``tokenizer.json``: no padding, long lines truncated."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer


def text_features(tokenizer: Any, session: Any, line: str) -> FloatArray:
    """Run a text network on a line and return its features, ``(t,) float32``."""
    # One line at a time: activations are quantised over the whole input, so the lines of a batch would interact.
    tokens = tokenizer.encode(line)
    inputs = {"ids": np.array([tokens.ids]), "mask": np.array([tokens.attention_mask])}
    return cast(FloatArray, session.run(None, inputs)[0][0])


def _shares(probabilities: FloatArray, labels: Sequence[str]) -> Shares:
    order = np.argsort(-probabilities, kind="stable")
    return {labels[i]: round(float(probabilities[i]), 4) for i in order if probabilities[i] >= MIN_SHARE}
