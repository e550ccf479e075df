"""What a deployment is made of: its target, and its steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TERRAFORM, FUNCTIONS = Path("infra/terraform"), Path("functions")


@dataclass(frozen=True)
class Step:
    """One command.

    ``minutes`` is about how long it takes in a first deployment. ``unless`` is a command that succeeds if the step is
    already done, ``into`` a file for the output, to which ``added`` is appended, and ``preview`` a command that a dry
    run runs instead if Terraform is initialised. A step with ``always`` runs whichever step a deployment begins with.
    ``check`` looks at the result and raises `FailedPrecondition` if it is wrong; ``hint`` says what to do after a
    failure, ``phase`` names the group of steps that this one belongs to.
    """

    name: str
    why: str
    command: tuple[str, ...]
    minutes: float
    cwd: Path = Path()
    unless: tuple[str, ...] | None = None
    into: Path | None = None
    added: str = ""
    preview: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    always: bool = False
    check: Callable[[Path], None] | None = None
    hint: str = ""
    phase: str = ""


@dataclass(frozen=True)
class Deployment:
    """What is deployed, and its target.

    ``environment`` is the name of the file that it was read from, if any. ``variables`` are other variables of
    Terraform, ``settings`` environment variables of the functions. Unless it ``has_shops``, the schedule of the refresh
    is paused. ``catalog`` is the source of a first catalog: a folder, a feed, or ``drawn``. ``percent`` is the new
    release's share of the requests.
    """

    project: str
    commit: str
    alert_email: str
    region: str
    firestore_location: str
    python: str
    billing_account: str = ""
    budget: int | None = None
    scrapfly: bool = False
    has_shops: bool = True
    environment: str = ""
    catalog: str = ""
    refresh: bool = False
    percent: int = 100
    variables: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """The job's image, with the commit as its tag."""
        return f"{self.region}-docker.pkg.dev/{self.project}/closetspace/catalog:{self.commit}"

    @property
    def store(self) -> str:
        """The catalog's store."""
        return f"gs://{self.project}-catalog"

    @property
    def place(self) -> tuple[str, str]:
        """The options of commands for the project and its region."""
        return f"--project={self.project}", f"--region={self.region}"
