"""Networks and tables of an encoder's folder: each file is read and checked when something first needs it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np

from closetspace.adapters.pillow_squares import square
from closetspace.domain.colour import ForegroundColours, foreground_colours
from closetspace.domain.encoding import FloatArray, Garment, Picture
from closetspace.domain.fusion import Blocks
from closetspace.domain.preprocessing import garment_text, normalised
from closetspace.errors import Incompatible

IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER = "image.onnx", "text.onnx", "tokenizer.json"

_IMAGE_BATCH = 16  # larger batches are no faster, and their activations leave the cache
_MAX_TOKENS = 128

_T = TypeVar("_T")


class OnnxFeatures:
    """The features that the networks of one folder see in garments; safe to call from several threads at once."""

    def __init__(self, directory: Path, files: Mapping[str, str], threads: int = 1) -> None:
        self._directory = directory
        self._files = files
        self._threads = threads
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    def blocks(self, garments: Sequence[Garment]) -> list[Blocks]:
        """Return the features of each garment, none of them influenced by its companions."""
        squares = [square(g.picture) for g in garments if g.picture is not None]
        images = iter(self._image_features(squares))
        colours = (foreground_colours(pixels) for pixels in squares)
        texts = [garment_text(g.name, g.brand) for g in garments]
        known = {text: self._text_features(text) for text in dict.fromkeys(texts) if text}
        return [
            _with_picture(known.get(text), next(images), next(colours))
            if garment.picture is not None
            else Blocks(text=known.get(text))
            for garment, text in zip(garments, texts, strict=True)
        ]

    def load(self, file: str, build: Callable[[bytes], _T]) -> _T:
        """Build something from a file's checked content, once."""
        with self._lock:
            if file not in self._loaded:
                self._loaded[file] = build(self._read(file))
            return cast(_T, self._loaded[file])

    def _read(self, file: str) -> bytes:
        try:
            content = (self._directory / file).read_bytes()
        except OSError as exc:
            raise Incompatible(f"{self._directory.name}: {file} cannot be read") from exc
        if hashlib.sha256(content).hexdigest() != self._files.get(file):
            raise Incompatible(f"{self._directory.name}: {file} is not the file that its manifest names")
        return content

    def _image_features(self, squares: Sequence[Picture]) -> list[FloatArray]:
        features: list[FloatArray] = []
        for start in range(0, len(squares), _IMAGE_BATCH):
            batch = np.stack([normalised(pixels) for pixels in squares[start : start + _IMAGE_BATCH]])
            features.extend(self.load(IMAGE_NETWORK, self._session).run(None, {"pixels": batch})[0])
        return features

    def _text_features(self, text: str) -> FloatArray:
        # One at a time: activations are quantised over all that a run is given, so a batch would mix its texts.
        tokens = self.load(TOKENIZER, _tokenizer).encode(text)
        feed = {"ids": np.array([tokens.ids]), "mask": np.array([tokens.attention_mask])}
        return cast(FloatArray, self.load(TEXT_NETWORK, self._session).run(None, feed)[0][0])

    def _session(self, content: bytes) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Waiting threads sleep: an instance serves other requests meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _with_picture(text: FloatArray | None, image: FloatArray, colours: ForegroundColours) -> Blocks:
    return Blocks(image=image, text=text, colour=colours.histogram, colour_trust=colours.trust)


def _tokenizer(content: bytes) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer
