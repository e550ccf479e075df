locals {
  # APIs to enable, with what needs them.
  services = {
    "artifactregistry.googleapis.com"     = "images of the job and of the functions"
    "cloudbuild.googleapis.com"           = "builds both"
    "cloudfunctions.googleapis.com"       = "the functions"
    "cloudquotas.googleapis.com"          = "checks before a deployment"
    "cloudresourcemanager.googleapis.com" = "roles in the project"
    "cloudscheduler.googleapis.com"       = "starts the refresh and the sweeper"
    "compute.googleapis.com"              = "has the account that builds the functions"
    "eventarc.googleapis.com"             = "delivers events to the functions"
    "firebase.googleapis.com"             = "adds Firebase to the project"
    "firebaserules.googleapis.com"        = "Security Rules"
    "firebasestorage.googleapis.com"      = "access of browsers to the buckets"
    "firestore.googleapis.com"            = "the database"
    "iam.googleapis.com"                  = "service accounts"
    "iamcredentials.googleapis.com"       = "deployments by a pipeline"
    "identitytoolkit.googleapis.com"      = "people sign in"
    "logging.googleapis.com"              = "logs, and the metrics counted from them"
    "monitoring.googleapis.com"           = "alerts"
    "orgpolicy.googleapis.com"            = "checks before a deployment"
    "pubsub.googleapis.com"               = "transports events of Cloud Storage"
    "run.googleapis.com"                  = "runs the job and the functions"
    "secretmanager.googleapis.com"        = "the key of Scrapfly"
    "serviceusage.googleapis.com"         = "enables the others"
    "storage.googleapis.com"              = "the buckets"
    "sts.googleapis.com"                  = "deployments by a pipeline"
  }
}

resource "google_project_service" "used" {
  for_each = local.services

  service = each.key
  # Other users of the API in the project keep it if this deployment is destroyed.
  disable_on_destroy = false
}

resource "google_project_service" "budgets" {
  count = var.billing_account == "" ? 0 : 1

  service            = "billingbudgets.googleapis.com"
  disable_on_destroy = false
}

resource "google_firebase_project" "this" {
  provider = google-beta

  depends_on = [google_project_service.used]
}

# The frontend. Its configuration is public: rules decide what it may do.
resource "google_firebase_web_app" "frontend" {
  provider = google-beta

  display_name = "Closetspace"

  depends_on = [google_firebase_project.this]
}

data "google_firebase_web_app_config" "frontend" {
  provider = google-beta

  web_app_id = google_firebase_web_app.frontend.app_id
}
