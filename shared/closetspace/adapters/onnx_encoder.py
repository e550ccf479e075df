"""Encoders shipped as ONNX files, run on the CPU by onnxruntime.

Importing this module, building an encoder and reading its descriptor import neither onnxruntime nor tokenizers;
each file is read, checked against its sha256 and kept when something first needs it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np

from closetspace.domain.colour import dominant_colours, foreground_colours
from closetspace.domain.encoding import EncoderDescriptor, Encoding, FloatArray, Garment, Picture
from closetspace.domain.fusion import BlockMeans, Blocks, Fusion
from closetspace.domain.preprocessing import normalised, square
from closetspace.errors import Incompatible

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER, FUSION = "image.onnx", "text.onnx", "tokenizer.json", "fusion.npz"

_IMAGE_BATCH = 16  # larger batches are no faster, and their activations leave the cache
_MAX_TOKENS, _MAX_CHARACTERS = 128, 1000

_T = TypeVar("_T")


def default_encoder_directory() -> Path:
    """Return the folder of the encoder that the package ships."""
    return Path(str(resources.files("closetspace"))) / "models" / "lite0-minilm-1"


def read_descriptor(directory: Path) -> EncoderDescriptor:
    """Read an encoder's identity from its manifest; raises ``Incompatible`` when there is none that fits."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != MANIFEST_FORMAT:
            raise Incompatible(f"{directory.name}: manifest format {manifest['format']}, not {MANIFEST_FORMAT}")
        categories = tuple(manifest["categories"])
        return EncoderDescriptor(manifest["id"], manifest["dim"], categories, manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise Incompatible(f"{directory.name}: its {MANIFEST} cannot be read") from exc


def garment_text(name: str, brand: str) -> str:
    """Join brand and name to what the text network reads; most product names begin with the brand already."""
    name, brand = _clean(name), _clean(brand)
    return name if name.casefold().startswith(brand.casefold()) else f"{brand} {name}".strip()


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
    return Fusion(means, stored["projection"], stored["unknown"], stored["head"], stored["head_bias"])


def _with_picture(text: FloatArray | None, image: FloatArray, colours: Any) -> Blocks:
    return Blocks(image=image, text=text, colour=colours.histogram, colour_trust=colours.trust)


def _clean(text: str) -> str:
    # Cut first: what a person may paste is unbounded, and 128 tokens are what is read of it.
    printable = "".join(c if c.isprintable() else " " for c in text[:_MAX_CHARACTERS])
    return " ".join(printable.split())


def _tokenizer(content: bytes) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer
