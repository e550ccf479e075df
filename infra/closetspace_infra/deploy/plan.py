"""The steps of a deployment, in order."""

from dataclasses import replace

from closetspace.settings import RELEASE
from closetspace_infra.deploy import terraform
from closetspace_infra.deploy.checks import checks
from closetspace_infra.deploy.finish import final_steps, first_catalog
from closetspace_infra.deploy.steps import FUNCTIONS, Deployment, Step


def plan(to: Deployment) -> list[Step]:
    """Return all steps, in order."""
    phases = {
        "Checks": checks(to),
        "Infrastructure": _infrastructure(to),
        "Functions": _functions(to),
        "Catalog": first_catalog(to),
        "Result": final_steps(to),
    }
    return [replace(step, phase=phase) for phase, steps in phases.items() for step in steps]


def _infrastructure(to: Deployment) -> list[Step]:
    project, state = f"--project={to.project}", f"gs://{terraform.state_bucket(to)}"
    create = ("gcloud", "storage", "buckets", "create", state, project, f"--location={to.region}")
    account = f"projects/{to.project}/serviceAccounts/closetspace-build@{to.project}.iam.gserviceaccount.com"
    build = ("gcloud", "builds", "submit", ".", *to.place, "--config=infra/cloudbuild.yaml")
    options = ("--ignore-file=.dockerignore", f"--service-account={account}")
    staging = f"--gcs-source-staging-dir=gs://{to.project}-build/source"
    return [
        Step(
            "state",
            "Terraform's state is in a bucket, so that others can deploy too",
            (*create, "--uniform-bucket-level-access", "--public-access-prevention"),
            0.1,
            unless=("gcloud", "storage", "buckets", "describe", state, project),
        ),
        Step(
            "state-versions",
            "a damaged state can be restored",
            ("gcloud", "storage", "buckets", "update", state, "--versioning", project),
            0.1,
        ),
        terraform.init(to),
        terraform.apply(
            to,
            "foundation",
            "what the image's build needs, and the service agents of events, whose roles take minutes to take effect",
            4,
            "-target=terraform_data.foundation",
        ),
        Step(
            "image",
            "the catalog job runs the committed code",
            (*build, *options, staging, f"--substitutions=_IMAGE={to.image}"),
            8,
            unless=("gcloud", "artifacts", "docker", "images", "describe", to.image, project),
            hint="In a new project roles take effect within five minutes: if permission is denied, wait and continue.",
        ),
        terraform.apply(to, "infrastructure", "database, buckets, roles, job, schedule, alerts and budget", 10),
    ]


def _functions(to: Deployment) -> list[Step]:
    lock = ("--requirement", "../requirements-functions.lock")
    install = (to.python, "-m", "pip", "--python", "venv", "install", "--quiet", "--require-hashes", *lock)
    keep = ("gcloud", "artifacts", "repositories", "set-cleanup-policies", "gcf-artifacts")
    where = (f"--location={to.region}", f"--project={to.project}")
    deploy = ("firebase", "deploy", "--only", "firestore:rules,functions", "--force", "--non-interactive")
    return [
        Step(
            "python",
            "the Firebase CLI imports the functions to discover them",
            (to.python, "-m", "venv", "venv"),
            0.1,
            FUNCTIONS,
        ),
        Step("packages", "the functions need their packages for that", install, 1, FUNCTIONS),
        terraform.output(
            to,
            "settings",
            "the functions get their buckets, service account and release",
            "functions_env",
            into=FUNCTIONS / f".env.{to.project}",
            added=f"{RELEASE}={to.commit}\n",
        ),
        Step(
            "functions",
            "Firestore's rules, and functions; --force confirms retries of failed events, and the deletion of old"
            " images and of functions that are no longer in the code",
            (*deploy, f"--project={to.project}"),
            10,
            hint='After "Unable to set the invoker", which an organisation\'s policy causes, the functions are there:'
            " continue, and the step access lets people call them. If permission is denied in a new project, wait five"
            " minutes.",
        ),
        Step(
            "function-images",
            "the images of the last ten releases are kept, without which there is no rollback to them",
            (*keep, "--policy=infra/function-images.json", "--no-dry-run", *where),
            0.1,
        ),
        Step(
            "access",
            "browsers may call the callables, and events reach their functions and no others",
            ("closetspace", "cloud", "access", *to.place),
            0.5,
        ),
        Step(
            "traffic",
            f"the new release answers {to.percent} % of the requests",
            ("closetspace", "cloud", "traffic", *to.place, f"--newest={to.percent}"),
            0.2,
        ),
    ]
