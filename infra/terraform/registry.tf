resource "google_artifact_registry_repository" "images" {
  repository_id = "closetspace"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the catalog job, tagged with the commit that they were built from."

  cleanup_policy_dry_run = false

  # KEEP overrides DELETE: the last ten stay available for a rollback, however old they are.
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

# The resources that the image's build needs. The deployment creates these first, with their buckets and roles, builds the
# image, and then creates the others.
resource "terraform_data" "foundation" {
  depends_on = [
    google_artifact_registry_repository_iam_member.build_pushes,
    google_project_iam_member.granted,
    google_storage_bucket_iam_member.granted,
  ]
}
