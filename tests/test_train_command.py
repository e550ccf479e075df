"""``closetspace encoder train`` and ``export`` as far as they go where nothing for training is installed."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog_jobs.cli import app
from catalog_jobs.training.progress import training_progress


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


def test_where_nobody_watches_progress_is_a_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with training_progress(epochs=2) as progress:
        for step in range(1, 101):
            progress.step(1, step, 100, 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11  # the first step of an epoch, and ten tenths
    assert lines[-1] == "epoch 2/2: step 100/100, loss 0.50000"
