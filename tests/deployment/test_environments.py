"""The files of environments."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from catalog_jobs.cli.cloud_options import EnvOption, ProjectOption, RegionOption, read_target
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings
from closetspace_infra.deploy.environments import FOLDER, OPTIONS, read_environment
from tests.support.paths import REPOSITORY


def write(root: Path, text: str, name: str = "prod") -> Path:
    """Write an environment's file, and return the root of its repository."""
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / FOLDER / f"{name}.toml").write_text(text)
    return root


def test_file_has_options_variables_and_settings(tmp_path: Path) -> None:
    text = 'project = "shop-prod"\nbudget = 50\n[terraform]\nrefresh_tasks = 4\n[functions]\nEMBEDDING_INSTANCES = 9\n'
    environment = read_environment("prod", write(tmp_path, text))
    assert environment.options == {"project": "shop-prod", "budget": 50}
    assert (environment.variables, environment.settings) == ({"refresh_tasks": 4}, {"EMBEDDING_INSTANCES": "9"})


def test_example_is_valid_also_with_everything_that_it_comments_out(tmp_path: Path) -> None:
    text = (REPOSITORY / FOLDER / "example.toml").read_text()
    assert set(read_environment("example").options) == {"project", "alert_email", "region"}
    lines = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    environment = read_environment("prod", write(tmp_path, "\n".join(lines)))
    assert set(environment.options) == set(OPTIONS) - {"scrapfly"}
    assert environment.variables
    assert environment.settings


def test_settings_are_written_as_the_functions_read_them(tmp_path: Path) -> None:
    text = "[functions]\nENFORCE_APP_CHECK = true\nORPHAN_HOURS = 1.5\nALLOWED_PHOTO_HOSTS = 'a.example,b.example'"
    settings = Settings.from_env(read_environment("prod", write(tmp_path, text)).settings)
    assert (settings.enforce_app_check, settings.orphan_hours) == (True, 1.5)
    assert settings.allowed_photo_hosts == {"a.example", "b.example"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("projct = 'a'", "projct is not one of project"),
        ("project = 7", "project is not one of project"),
        ("budget = true", "budget is not one of"),
        ("project = ", "no valid TOML"),
        ("[terraform]\nproject = 'a'", "set project outside of"),
        ("[terraform]\nimage = 'a:b'", "set image outside of"),
        ("[functions]\nEMBEDING_INSTANCES = 9", "don't read EMBEDING_INSTANCES"),
        ("[functions]\nFIREBASE_CONFIG = 'x'", "don't read FIREBASE_CONFIG"),
        ("terraform = 3", "terraform has to be a table"),
    ],
)
def test_name_or_value_that_nothing_reads_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_environment("prod", write(tmp_path, text))


def test_setting_with_an_invalid_value_is_refused_before_anything_is_deployed(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="EMBEDDING_INSTANCES must be a positive number"):
        read_environment("prod", write(tmp_path, "[functions]\nEMBEDDING_INSTANCES = 0"))


@pytest.mark.parametrize("name", ["production", "../environments/prod", ""])
def test_unknown_environment_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    root = write(write(tmp_path, ""), "", "dev")
    with pytest.raises(InvalidInput, match=r"Environments: dev, prod\."):
        read_environment(name, root)


@pytest.mark.parametrize(
    ("arguments", "project"),
    [
        (("--env", "example"), "my-project"),
        (("--env", "example", "--project", "third-project"), "third-project"),
        ((), "other-project"),
    ],
)
def test_command_reads_the_environments_project_whatever_the_shell_names(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], project: str
) -> None:
    def show(
        context: typer.Context, env: EnvOption = None, project: ProjectOption = None, region: RegionOption = None
    ) -> None:
        print(read_target(context, env, project, region).project)

    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "other-project")
    app = typer.Typer()
    app.command()(show)
    assert CliRunner().invoke(app, list(arguments)).stdout.strip() == project
