resource "google_service_account" "functions" {
  account_id   = "closetspace-functions"
  display_name = "Closetspace: functions"
  description  = "The functions run as this account, and Eventarc delivers their events as it."

  depends_on = [google_project_service.used]
}

resource "google_service_account" "catalog" {
  account_id   = "closetspace-catalog"
  display_name = "Closetspace: catalog job"
  description  = "The refresh runs as this account, which has no access to personal data."

  depends_on = [google_project_service.used]
}

resource "google_service_account" "scheduler" {
  account_id   = "closetspace-scheduler"
  display_name = "Closetspace: scheduler"
  description  = "Cloud Scheduler starts the refresh as this account, which has no other rights."

  depends_on = [google_project_service.used]
}

resource "google_service_account" "build" {
  account_id   = "closetspace-build"
  display_name = "Closetspace: build"
  description  = "Cloud Build builds the job's image as this account."

  depends_on = [google_project_service.used]
}

# Google makes these accounts when an API is first used, which is too late for the triggers of the first deployment.
resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = toset(["eventarc.googleapis.com", "pubsub.googleapis.com"])

  service = each.value

  depends_on = [google_project_service.used]
}

data "google_compute_default_service_account" "default" {
  depends_on = [google_project_service.used]
}

data "google_storage_project_service_account" "storage" {
  depends_on = [google_project_service.used]
}

resource "google_project_iam_custom_role" "photo_keeper" {
  role_id     = "closetspacePhotoKeeper"
  title       = "Closetspace: photo keeper"
  description = "Reads photos, deletes those of deleted items and accounts, and writes thumbnails and exports."
  permissions = [
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
  ]

  depends_on = [google_project_service.used]
}

resource "google_project_iam_custom_role" "account_remover" {
  role_id     = "closetspaceAccountRemover"
  title       = "Closetspace: account remover"
  description = "Deletes accounts of Firebase Authentication, and may do nothing else with them."
  permissions = ["firebaseauth.users.delete"]

  depends_on = [google_project_service.used]
}

locals {
  functions = google_service_account.functions.member
  catalog   = google_service_account.catalog.member
  build     = google_service_account.build.member

  # Only roles that can't be granted on a single bucket, image, secret, job or service. run.invoker is granted on each
  # function's own service, once firebase deploy has made it: by closetspace cloud access.
  project_roles = {
    functions_firestore = {
      role   = "roles/datastore.user"
      member = local.functions
      reason = "Reads and writes items' states, closets and tastes; Firestore grants by project."
    }
    functions_accounts = {
      role   = google_project_iam_custom_role.account_remover.id
      member = local.functions
      reason = "deleteAccount deletes the account itself last; Firebase Authentication grants by project."
    }
    functions_events = {
      role   = "roles/eventarc.eventReceiver"
      member = local.functions
      reason = "Eventarc delivers events of Firestore and Cloud Storage as this account."
    }
    eventarc_agent = {
      role   = "roles/eventarc.serviceAgent"
      member = google_project_service_identity.agent["eventarc.googleapis.com"].member
      reason = "Eventarc makes the triggers' topics and subscriptions."
    }
    pubsub_agent = {
      role   = "roles/pubsub.serviceAgent"
      member = google_project_service_identity.agent["pubsub.googleapis.com"].member
      reason = "Pub/Sub signs the events that it delivers to the functions."
    }
    storage_events = {
      role   = "roles/pubsub.publisher"
      member = data.google_storage_project_service_account.storage.member
      reason = "Cloud Storage publishes events of photos; Eventarc makes the topic later, so it is granted on the project."
    }
    functions_build = {
      role   = "roles/cloudbuild.builds.builder"
      member = data.google_compute_default_service_account.default.member
      reason = "firebase deploy builds the functions as this account, which has no role in new projects."
    }
    build_logs = {
      role   = "roles/logging.logWriter"
      member = local.build
      reason = "Cloud Build writes the log of a build as this account."
    }
  }

  bucket_roles = {
    functions_photos = {
      bucket = google_storage_bucket.photos.name
      role   = google_project_iam_custom_role.photo_keeper.id
      member = local.functions
      reason = "Reads photos to embed and export them, and deletes them with their items and accounts."
    }
    functions_index = {
      bucket = google_storage_bucket.catalog.name
      role   = "roles/storage.objectViewer"
      member = local.functions
      reason = "Reads the index; only the job publishes."
    }
    catalog_store = {
      bucket = google_storage_bucket.catalog.name
      role   = "roles/storage.objectUser"
      member = local.catalog
      reason = "Writes snapshots, vectors and indexes, and prunes old ones."
    }
    build_source = {
      bucket = google_storage_bucket.build.name
      role   = "roles/storage.objectViewer"
      member = local.build
      reason = "Reads the source that it builds."
    }
  }
}

resource "google_project_iam_member" "granted" {
  for_each = local.project_roles

  project = var.project
  role    = each.value.role
  member  = each.value.member
}

resource "google_storage_bucket_iam_member" "granted" {
  for_each = local.bucket_roles

  bucket = each.value.bucket
  role   = each.value.role
  member = each.value.member
}

# Reason: pushes the images that it builds, to this repository alone.
resource "google_artifact_registry_repository_iam_member" "build_pushes" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = local.build
}

# Reason: the job sends the key to Scrapfly; it can read no other secret.
resource "google_secret_manager_secret_iam_member" "catalog_reads_scrapfly_key" {
  secret_id = google_secret_manager_secret.scrapfly_key.id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.catalog
}

# Reason: starts this job, with its own arguments only.
resource "google_cloud_run_v2_job_iam_member" "scheduler_runs_refresh" {
  location = google_cloud_run_v2_job.refresh.location
  name     = google_cloud_run_v2_job.refresh.name
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}
