# People's photos. Deleted photos must be gone at once, so there are neither soft deletion nor versions.
resource "google_storage_bucket" "photos" {
  name                        = "${var.project}-photos"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  versioning {
    enabled = false
  }

  # Unfinished uploads.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  # Exports of people's data. The sweeper deletes them, too, and this also if it is not running.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 7
      matches_prefix = ["users/"]
      matches_suffix = [".closetspace.zip"]
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}

# The catalog, its vectors and the indexes. Replaced and deleted objects can be restored for some days.
resource "google_storage_bucket" "catalog" {
  name                        = "${var.project}-catalog"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Versions do the same; both would cost twice.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.version_days
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}

# Sources of builds.
resource "google_storage_bucket" "build" {
  name                        = "${var.project}-build"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 7
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_firebase_storage_bucket" "reached_by_browsers" {
  provider = google-beta
  for_each = local.browser_buckets

  bucket_id = each.value.bucket

  depends_on = [google_firebase_project.this]
}

# The Firebase CLI deploys the rules of the default bucket only, so these are deployed here.
locals {
  browser_buckets = {
    photos  = { bucket = google_storage_bucket.photos.name, rules = "${path.module}/../storage.rules" }
    catalog = { bucket = google_storage_bucket.catalog.name, rules = "${path.module}/../catalog.rules" }
  }
}

resource "google_firebaserules_ruleset" "storage" {
  for_each = local.browser_buckets

  source {
    files {
      name    = basename(each.value.rules)
      content = file(each.value.rules)
    }
  }

  # The old rules stay in force until the new ones are.
  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_firebase_project.this]
}

resource "google_firebaserules_release" "storage" {
  for_each = local.browser_buckets

  name         = "firebase.storage/${each.value.bucket}"
  ruleset_name = "projects/${var.project}/rulesets/${google_firebaserules_ruleset.storage[each.key].name}"

  depends_on = [google_firebase_storage_bucket.reached_by_browsers]
}
