"""``closetspace encoder train`` and ``export`` without the packages for training."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.cli.encoder_train import add_reference, training_callbacks
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
def test_missing_packages_are_named_with_their_extra(
    drawn_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, package: str, extra: str
) -> None:
    for name in ("torch", "torchvision"):
        monkeypatch.setitem(sys.modules, name, None)
    code, output = encoder("train", architecture, "--data", drawn_catalog, "--out", tmp_path / "run")
    assert code == 1
    assert f"Training needs {package}." in output
    assert f"pip install -e '.{extra}'" in output
    assert not (tmp_path / "run").exists()


def test_options_of_the_other_architecture_are_rejected(tmp_path: Path) -> None:
    folders = ("--data", tmp_path, "--out", tmp_path)
    code, output = encoder("train", "fashion", *folders, "--weights", "none")
    assert (code, "has its own initial weights" in output) == (2, True)
    code, output = encoder("train", "resnet50-autoencoder", *folders, "--photos", tmp_path)
    assert (code, "learns from products only" in output) == (2, True)


def test_export_takes_either_a_run_or_networks(tmp_path: Path) -> None:
    folders = ("--data", tmp_path, "--out", tmp_path / "out")
    code, output = encoder("export", "fashion", *folders)
    assert (code, "--run: name the folder that train has written" in output) == (2, True), output
    for architecture, run in (("fashion", ("--run", tmp_path)), ("resnet50-autoencoder", ())):
        code, output = encoder("export", architecture, *folders, *run, "--networks", "fashion-2")
        assert (code, "goes with fashion, and not with --run" in output) == (2, True), output
    assert not (tmp_path / "out").exists()


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The encoder in use, without its reference sample, as an export leaves it."""
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_directory(Settings().encoder), folder, ignore=shutil.ignore_patterns(REFERENCE))
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["reference"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def test_export_adds_a_reference_sample(exported: Path, tmp_path: Path) -> None:
    draw_catalog(tmp_path / "products", items=180)
    entry = add_reference(tmp_path / "products", exported)
    assert entry == {"reference": hashlib.sha256((exported / REFERENCE).read_bytes()).hexdigest()}
    assert json.loads((exported / MANIFEST).read_text())["reference"] == entry["reference"]


def test_export_of_too_few_products_has_no_reference_sample(
    exported: Path, drawn_catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add_reference(drawn_catalog, exported) == {}
    assert "no reference sample: Only" in capsys.readouterr().err
    assert "reference" not in json.loads((exported / MANIFEST).read_text())


def test_progress_outside_of_a_terminal_is_a_line_per_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with training_callbacks(epochs=2) as callbacks:
        for step in range(1, 101):
            callbacks.step(1, step, 100, 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11  # the first step of the epoch, and ten tenths
    assert lines[-1] == "epoch 2/2: step 100/100, loss 0.50000"
