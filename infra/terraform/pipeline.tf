# Deployments by a workflow of GitHub, without a key: GitHub signs who runs, and Google trusts that for one repository, branch
# and environment.
locals {
  pipelines = var.github_repository_id == "" ? [] : ["github"]
}

resource "google_iam_workload_identity_pool" "pipeline" {
  for_each = toset(local.pipelines)

  workload_identity_pool_id = each.value
  display_name              = "Closetspace: pipeline"
  description               = "Workflows that deploy."

  depends_on = [google_project_service.used]
}

resource "google_iam_workload_identity_pool_provider" "pipeline" {
  for_each = google_iam_workload_identity_pool.pipeline

  workload_identity_pool_id          = each.value.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub"

  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }
  # The environment's protection rules (reviewers, branches) are GitHub's; a job outside of it has no such claim.
  attribute_condition = join(" && ", [
    "assertion.repository_id == '${var.github_repository_id}'",
    "assertion.environment == '${var.github_environment}'",
    "assertion.ref == 'refs/heads/${var.github_branch}'",
  ])

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deploy" {
  for_each = google_iam_workload_identity_pool.pipeline

  account_id   = "closetspace-deploy"
  display_name = "Closetspace: deployment"
  description  = "The pipeline deploys as this account."
}

# Reason: only workflows that the provider accepts become this account; it has no key.
resource "google_service_account_iam_member" "pipeline_deploys" {
  for_each = google_iam_workload_identity_pool.pipeline

  service_account_id = google_service_account.deploy[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${each.value.name}/attribute.repository_id/${var.github_repository_id}"
}

# Reason: a deployment grants roles, and whoever may grant roles can take any; a smaller role would only look safer.
resource "google_project_iam_member" "pipeline_owns" {
  for_each = google_service_account.deploy

  project = var.project
  role    = "roles/owner"
  member  = each.value.member
}
