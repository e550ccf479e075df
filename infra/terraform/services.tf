locals {
  # What is switched on in the project, and what needs it.
  services = {
    "artifactregistry.googleapis.com"     = "images of the job and of the functions"
    "cloudbuild.googleapis.com"           = "builds both"
    "cloudfunctions.googleapis.com"       = "the functions"
    "cloudresourcemanager.googleapis.com" = "roles in the project"
    "cloudscheduler.googleapis.com"       = "starts the refresh and the sweeper"
    "compute.googleapis.com"              = "the account as which functions are built comes with it"
    "eventarc.googleapis.com"             = "carries events to the functions"
    "firebase.googleapis.com"             = "the project is Firebase's too"
    "firebaserules.googleapis.com"        = "Security Rules"
    "firebasestorage.googleapis.com"      = "browsers reach the buckets through it"
    "firestore.googleapis.com"            = "the database"
    "iam.googleapis.com"                  = "service accounts"
    "identitytoolkit.googleapis.com"      = "people sign in"
    "logging.googleapis.com"              = "logs, and the metrics that are counted from them"
    "monitoring.googleapis.com"           = "alerts"
    "pubsub.googleapis.com"               = "events of Cloud Storage go through it"
    "run.googleapis.com"                  = "the job, and what functions run on"
    "secretmanager.googleapis.com"        = "the key of Scrapfly"
    "serviceusage.googleapis.com"         = "switches on the others"
    "storage.googleapis.com"              = "the buckets"
  }
}

resource "google_project_service" "used" {
  for_each = local.services

  service = each.key
  # What else in the project may use it goes on when this is taken down.
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
