"""Deploy everything to Google Cloud: the plan, which is a list of commands in order."""

from dataclasses import dataclass
from pathlib import Path

from closetspace_infra.steps import FUNCTIONS, TERRAFORM, Step


@dataclass(frozen=True)
class Deployment:
    """What is deployed, and where to. Terraform's other variables come from ``infra/terraform/PROJECT.tfvars``."""

    project: str
    commit: str
    alert_email: str
    region: str
    firestore_location: str
    billing_account: str = ""
    budget: int | None = None
    scrapfly: bool = False
    refresh: bool = False
    variables: Path | None = None

    @property
    def image(self) -> str:
        """The job's image, named by the commit that it is built from."""
        return f"{self.region}-docker.pkg.dev/{self.project}/closetspace/catalog:{self.commit}"

    @property
    def store(self) -> str:
        return f"gs://{self.project}-catalog"


def plan(to: Deployment) -> list[Step]:
    """All steps, in order."""
    return [*_preparation(to), *_infrastructure(to), *_functions(to), *_look(to)]


def _preparation(to: Deployment) -> list[Step]:
    project, state = f"--project={to.project}", f"gs://{to.project}-terraform"
    create = ("gcloud", "storage", "buckets", "create", state, project, f"--location={to.region}")
    services = ("serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com")
    return [
        Step("login", "gcloud is signed in and sees the project", ("gcloud", "projects", "describe", to.project)),
        Step("firebase-login", "the Firebase CLI is signed in", ("firebase", "projects:list")),
        Step(
            "services",
            "Terraform can switch on all others through these two",
            ("gcloud", "services", "enable", *services, project),
        ),
        Step(
            "state",
            "Terraform's state lies in a bucket, so that anyone who may can deploy",
            (*create, "--uniform-bucket-level-access", "--public-access-prevention"),
            unless=("gcloud", "storage", "buckets", "describe", state, project),
        ),
        Step(
            "state-versions",
            "a damaged state can be brought back",
            ("gcloud", "storage", "buckets", "update", state, "--versioning", project),
        ),
    ]


def _infrastructure(to: Deployment) -> list[Step]:
    state = f"-backend-config=bucket={to.project}-terraform"
    account = f"projects/{to.project}/serviceAccounts/closetspace-build@{to.project}.iam.gserviceaccount.com"
    build = ("gcloud", "builds", "submit", ".", f"--project={to.project}", f"--region={to.region}")
    options = ("--config=infra/cloudbuild.yaml", "--ignore-file=.dockerignore", f"--service-account={account}")
    staging = f"--gcs-source-staging-dir=gs://{to.project}-build/source"
    return [
        Step(
            "init",
            "Terraform gets its providers and this project's state",
            ("terraform", "init", "-input=false", "-reconfigure", state),
            TERRAFORM,
        ),
        _apply("foundation", "what the image's build needs", to, "-target=terraform_data.foundation"),
        Step(
            "image",
            "the catalog job runs what was committed",
            (*build, *options, staging, f"--substitutions=_IMAGE={to.image}"),
            unless=("gcloud", "artifacts", "docker", "images", "describe", to.image, f"--project={to.project}"),
        ),
        _apply("infrastructure", "database, buckets, roles, job, schedule, alerts and budget", to),
    ]


def _apply(name: str, why: str, to: Deployment, *options: str) -> Step:
    known = {
        "project": to.project,
        "region": to.region,
        "firestore_location": to.firestore_location,
        "alert_email": to.alert_email,
        "image": to.image,
        "scrapfly": "true" if to.scrapfly else "",
        "billing_account": to.billing_account,
        "budget": str(to.budget or ""),
    }
    files = (f"-var-file={to.variables}",) if to.variables else ()
    variables = (*files, *(f"-var={name}={value}" for name, value in known.items() if value), *options)
    apply = ("terraform", "apply", "-input=false", "-auto-approve", *variables)
    return Step(name, why, apply, TERRAFORM, preview=("terraform", "plan", "-input=false", "-lock=false", *variables))


def _functions(to: Deployment) -> list[Step]:
    make = ("python3.11", "-m", "venv", "venv")
    install = ("python3.11", "-m", "pip", "--python", "venv", "install", "--quiet", "--requirement", "requirements.txt")
    deploy = ("firebase", "deploy", "--only", "firestore:rules,functions", "--force", "--non-interactive")
    return [
        Step("python", "the Firebase CLI asks the functions what they are", make, FUNCTIONS),
        Step("packages", "and they answer with the packages they are deployed with", install, FUNCTIONS),
        Step(
            "settings",
            "the functions learn which buckets and which account are theirs",
            ("terraform", "output", "-raw", "functions_env"),
            TERRAFORM,
            into=FUNCTIONS / f".env.{to.project}",
        ),
        Step(
            "functions",
            "rules of Firestore, and functions; --force confirms that failed events are delivered again, and that old"
            " images go, as do functions that are not in the code any more",
            (*deploy, f"--project={to.project}"),
        ),
    ]


def _look(to: Deployment) -> list[Step]:
    where = (f"--project={to.project}", f"--region={to.region}")
    refresh = Step(
        "refresh",
        "a first catalog and index, without waiting for the night",
        ("gcloud", "run", "jobs", "execute", "catalog-refresh", "--wait", *where),
    )
    status = Step(
        "status",
        "what is deployed is what the repository says",
        ("closetspace", "cloud", "status", *where, f"--store={to.store}"),
    )
    return [refresh, status] if to.refresh else [status]
