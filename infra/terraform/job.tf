locals {
  # With --json the last line is JSON, which the alerts count.
  refresh_args = ["catalog", "refresh", "--json"]

  refresh_environment = merge(
    {
      CLOSETSPACE_CONTACT  = var.contact == "" ? var.alert_email : var.contact
      CLOSETSPACE_STORE    = "gs://${google_storage_bucket.catalog.name}"
      GOOGLE_CLOUD_PROJECT = var.project
    },
    var.encoder == "" ? {} : { ENCODER = var.encoder },
  )
  refresh_secrets = var.scrapfly ? { SCRAPFLY_KEY = google_secret_manager_secret.scrapfly_key.secret_id } : {}
}

resource "google_cloud_run_v2_job" "refresh" {
  name     = "catalog-refresh"
  location = var.region
  # The job has no state of its own: all results are in the bucket.
  deletion_protection = false

  template {
    task_count  = var.refresh_tasks
    parallelism = var.refresh_tasks

    template {
      service_account = google_service_account.catalog.email
      timeout         = "${var.refresh_hours * 3600}s"
      # A crashed task continues where it stopped. A refused refresh is refused again, which costs little.
      max_retries = 2

      containers {
        image = var.image
        args  = local.refresh_args

        resources {
          limits = {
            cpu    = tostring(var.refresh_cpu)
            memory = var.refresh_memory
          }
        }

        dynamic "env" {
          for_each = local.refresh_environment

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = local.refresh_secrets

          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = env.value
                version = "latest"
              }
            }
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.image != ""
      error_message = "The job needs an image: closetspace cloud deploy builds it, or name it with -var image=."
    }
  }

  depends_on = [
    google_secret_manager_secret_iam_member.catalog_reads_scrapfly_key,
    google_storage_bucket_iam_member.granted,
  ]
}
