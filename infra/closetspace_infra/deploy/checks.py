"""The steps that find out whether a deployment can succeed, before anything is made."""

from closetspace_infra.deploy.steps import Deployment, Step

EARLY_SERVICES = ("cloudquotas", "cloudresourcemanager", "firebase", "orgpolicy", "run", "serviceusage")
"""The services that the steps before Terraform's need; Terraform enables the others."""


def checks(to: Deployment) -> list[Step]:
    """Return these steps."""
    environment = (f"--env={to.environment}",) if to.environment else ()
    services = tuple(f"{name}.googleapis.com" for name in EARLY_SERVICES)
    return [
        Step(
            "login",
            "gcloud is signed in and sees the project",
            ("gcloud", "projects", "describe", to.project),
            0.1,
            hint="Sign in with gcloud auth login, and check the project's id.",
        ),
        Step(
            "firebase-login",
            "the Firebase CLI is signed in",
            ("firebase", "projects:list"),
            0.1,
            hint="Sign in with firebase login.",
        ),
        Step(
            "services",
            "the next steps and Terraform need these services; this also shows whether the project has billing",
            ("gcloud", "services", "enable", *services, f"--project={to.project}"),
            1,
            hint=f"Without billing: https://console.cloud.google.com/billing/linkedaccount?project={to.project}.",
        ),
        Step(
            "check",
            "the region's quotas and the organisation's policies allow this deployment",
            ("closetspace", "cloud", "check", *environment, *to.place),
            0.1,
            hint="If a service is said to be disabled, it has just been enabled: wait a minute.",
        ),
        Step(
            "firebase",
            "Firebase is added to the project, which needs its terms to be accepted in a browser",
            ("firebase", "projects:addfirebase", to.project),
            0.5,
            unless=("firebase", "apps:list", f"--project={to.project}"),
            hint="Accept Firebase's terms with the same account at https://console.firebase.google.com/?forceCheckTos=true.",
        ),
    ]
