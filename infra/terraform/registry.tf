resource "google_artifact_registry_repository" "images" {
  repository_id = "closetspace"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the catalog job, tagged with the commit that they were built from."

  cleanup_policy_dry_run = false

  # Keeping wins over deleting: the last ten are there to go back to, however old.
  cleanup_policies {
    id     = "keep-the-last-ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-after-a-month"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.used]
}

# What the image's build needs: the deployment makes this first, with the buckets and roles that go along, builds, and
# then makes everything.
resource "terraform_data" "foundation" {
  depends_on = [
    google_artifact_registry_repository_iam_member.build_pushes,
    google_project_iam_member.granted,
    google_storage_bucket_iam_member.granted,
  ]
}
