"""Encoders shipped as ONNX files, run on the CPU by onnxruntime.

Three networks: ``image.onnx`` turns ``pixels (n, side, side, 3) uint8`` into ``features (n, i)``, ``text.onnx``
turns ``ids`` and ``mask (n, tokens) int64`` into ``features (n, t)``, and ``fusion.onnx`` turns ``image (n, i)``,
``has_image (n, 1)``, ``text (n, lines, t)`` and ``has_text (n, lines)``, zeros where nothing is known, into
``vector (n, dim)`` of unit length and for each head the probabilities ``(n, labels)`` under its name. If the manifest
says ``tells_garment``, there is also ``garment (n, 1)``, the probability that the photo shows one.

onnxruntime and tokenizers are imported, and each file is read and checked, when something first needs them.
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

LEAST_SHARE = 0.01
"""Labels less likely than that are left to the unknown."""

GARMENT = "garment"
"""The fusion's output that tells garments from other pictures."""

_IMAGE_BATCH = 16  # larger batches are no faster, and their activations leave the cache
_MAX_TOKENS = 128

_T = TypeVar("_T")


class OnnxEncoder:
    """The encoder of one folder; satisfies ``closetspace.domain.encoder.encoding.Encoder``."""

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
        """Encode a batch, in order; raises ``Incompatible`` when a file is not the manifest's."""
        return self.fuse(self.features(garments)) if garments else []

    def features(self, garments: Sequence[Garment]) -> dict[str, FloatArray]:
        """Return what the networks see in garments, none of them influenced by its companions: fusion's inputs."""
        fusion = self._load(FUSION_NETWORK, self._session)
        shapes = {wanted.name: wanted.shape for wanted in fusion.get_inputs()}
        n, lines = len(garments), len(self._descriptor.lines)
        image, has_image = np.zeros((n, shapes["image"][1]), np.float32), np.zeros((n, 1), np.float32)
        text, has_text = np.zeros((n, lines, shapes["text"][2]), np.float32), np.zeros((n, lines), np.float32)
        rows = [row for row, garment in enumerate(garments) if garment.picture is not None]
        for start in range(0, len(rows), _IMAGE_BATCH):
            batch = rows[start : start + _IMAGE_BATCH]
            image[batch], has_image[batch] = self._image_features([garments[row] for row in batch]), 1
        known: dict[str, FloatArray] = {}
        for row, garment in enumerate(garments):
            for place, fields in enumerate(self._descriptor.lines):
                line = garment_line(garment, fields)
                if line:
                    if line not in known:
                        known[line] = self._text_features(line)
                    text[row, place], has_text[row, place] = known[line], 1
        return {"image": image, "has_image": has_image, "text": text, "has_text": has_text}

    def fuse(self, features: dict[str, FloatArray]) -> list[Encoding]:
        """Turn `features` into encodings."""
        names = ["vector", *self._descriptor.heads, *([GARMENT] if self._descriptor.detects_garment else [])]
        outputs = dict(zip(names, self._load(FUSION_NETWORK, self._session).run(names, features), strict=True))
        is_known = (features["has_image"].sum(axis=1) + features["has_text"].sum(axis=1)).tolist()
        by_photo = self._by_photo(features, outputs["vector"])
        tells = self._descriptor.detects_garment
        return [
            Encoding(
                outputs["vector"][row],
                self._descriptor.categories[int(outputs[CATEGORY][row].argmax())],
                {head: _shares(outputs[head][row], labels) for head, labels in self._descriptor.heads.items()}
                if is_known[row]
                else {},
                by_photo[row],
                float(outputs[GARMENT][row, 0]) if tells and by_photo[row] is not None else None,
            )
            for row in range(len(is_known))
        ]

    def _by_photo(self, features: dict[str, FloatArray], vectors: FloatArray) -> list[FloatArray | None]:
        """Return each garment's vector by its photo alone: its vector where there is no text, None without a photo."""
        seen, named = features["has_image"][:, 0] > 0, features["has_text"].sum(axis=1) > 0
        found = [vector if is_seen else None for vector, is_seen in zip(vectors, seen, strict=True)]
        both = np.flatnonzero(seen & named)
        if both.size:
            # A fusion takes .1 ms, a hundredth of what its features took.
            feed = {name: values[both] for name, values in features.items()}
            feed |= {name: np.zeros_like(feed[name]) for name in ("text", "has_text")}
            (alone,) = self._load(FUSION_NETWORK, self._session).run(["vector"], feed)
            for place, row in enumerate(both.tolist()):
                found[row] = alone[place]
        return found

    def _image_features(self, garments: Sequence[Garment]) -> FloatArray:
        pictures = [garment.picture for garment in garments if garment.picture is not None]
        pixels = np.stack([square(picture, self._descriptor.side, self._descriptor.framing) for picture in pictures])
        return cast(FloatArray, self._load(IMAGE_NETWORK, self._session).run(None, {"pixels": pixels})[0])

    def _text_features(self, line: str) -> FloatArray:
        return text_features(self._load(TOKENIZER, tokenizer), self._load(TEXT_NETWORK, self._session), line)

    def _load(self, file: str, build: Callable[[bytes], _T]) -> _T:
        """Build something from a file's checked content, once."""
        with self._lock:
            if file not in self._loaded:
                self._loaded[file] = build(read_file(self._directory, file, self._descriptor))
            return cast(_T, self._loaded[file])

    def _session(self, content: bytes) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Waiting threads sleep: an instance serves other requests meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def text_features(tokenizer: Any, session: Any, line: str) -> FloatArray:
    """Run a text network on a line: ``(t,) float32``."""
    # One at a time: activations are quantised over all that a run is given, so a batch would mix its texts.
    tokens = tokenizer.encode(line)
    feed = {"ids": np.array([tokens.ids]), "mask": np.array([tokens.attention_mask])}
    return cast(FloatArray, session.run(None, feed)[0][0])


def _shares(probabilities: FloatArray, labels: Sequence[str]) -> Shares:
    order = np.argsort(-probabilities, kind="stable")
    return {labels[i]: round(float(probabilities[i]), 4) for i in order if probabilities[i] >= LEAST_SHARE}


def tokenizer(content: bytes) -> Any:
    """Build the tokenizer of a ``tokenizer.json``: no padding, a line's end cut off."""
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(content.decode("utf-8"))
    made.no_padding()
    made.enable_truncation(_MAX_TOKENS)
    return made
