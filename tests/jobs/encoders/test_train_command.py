"""``closetspace encoder train`` and ``export`` as far as they go where nothing for training is installed."""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.cli.training_progress import training_progress
from catalog_jobs.demo.drawing import draw_catalog
from closetspace.adapters.encoder.files import MANIFEST, encoder_directory
from closetspace.adapters.encoder.reference import REFERENCE
from closetspace.settings import Settings


def encoder(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["encoder", *map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize("command", ["train", "export"])
def test_help_names_both_architectures(command: str) -> None:
    code, output = encoder(command, "--help")
    assert code == 0
    assert "fashion|resnet50-autoencoder" in output


@pytest.mark.parametrize(
    ("architecture", "package", "extra"),
    [("fashion", "torch", "[train]"), ("resnet50-autoencoder", "torchvision", "[train-autoencoder]")],
)
def test_without_its_packages_training_says_what_to_install(
    drawn_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, package: str, extra: str
) -> None:
    for name in ("torch", "torchvision"):
        monkeypatch.setitem(sys.modules, name, None)
    code, output = encoder("train", architecture, "--data", drawn_catalog, "--out", tmp_path / "run")
    assert code == 1
    assert f"need {package} here" in output
    assert f"pip install -e '.{extra}'" in output
    assert not (tmp_path / "run").exists()


def test_options_of_the_other_architecture_are_refused(tmp_path: Path) -> None:
    folders = ("--data", tmp_path, "--out", tmp_path)
    code, output = encoder("train", "fashion", *folders, "--weights", "none")
    assert (code, "brings its own weights" in output) == (2, True)
    code, output = encoder("train", "resnet50-autoencoder", *folders, "--photos", tmp_path)
    assert (code, "learns from products alone" in output) == (2, True)


@pytest.fixture
def exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for an export, which needs torch: it leaves the files of the encoder in use, without a sample."""

    def export_fashion(data: Path, run: Path, out: Path, **_: Any) -> dict[str, Any]:
        shutil.copytree(encoder_directory(Settings().encoder), out, ignore=shutil.ignore_patterns(REFERENCE))
        manifest = json.loads((out / MANIFEST).read_text())
        del manifest["reference"]
        (out / MANIFEST).write_text(json.dumps(manifest))
        return dict(manifest)

    package = "catalog_jobs.encoders.training"
    monkeypatch.setitem(
        sys.modules, f"{package}.fashion_data", SimpleNamespace(read_fashion_data=lambda data, *_: data)
    )
    monkeypatch.setitem(sys.modules, f"{package}.fashion_export", SimpleNamespace(export_fashion=export_fashion))


def test_an_export_leaves_a_sample_of_its_products_behind(exporting: None, tmp_path: Path) -> None:
    draw_catalog(tmp_path / "products", items=180)
    out = tmp_path / "encoder"
    code, output = encoder(
        *("export", "fashion", "--data", tmp_path / "products", "--run", tmp_path, "--out", out, "--json")
    )
    assert code == 0
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest == json.loads(output.splitlines()[-1])
    assert manifest["reference"] == hashlib.sha256((out / REFERENCE).read_bytes()).hexdigest()


def test_with_too_few_products_for_a_sample_an_export_goes_without_and_says_so(
    exporting: None, drawn_catalog: Path, tmp_path: Path
) -> None:
    out = tmp_path / "encoder"
    code, output = encoder("export", "fashion", "--data", drawn_catalog, "--run", tmp_path, "--out", out)
    assert code == 0
    assert "no sample for tastes: Only" in output
    assert f"is in {out}" in output.replace("\n", "")
    assert "reference" not in json.loads((out / MANIFEST).read_text())


def test_where_nobody_watches_progress_is_a_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with training_progress(epochs=2) as progress:
        for step in range(1, 101):
            progress.step(1, step, 100, 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11  # the first step of an epoch, and ten tenths
    assert lines[-1] == "epoch 2/2: step 100/100, loss 0.50000"
