# The sweeper has no job here: its schedule is in functions/main.py, and firebase deploy creates its job.
resource "google_cloud_scheduler_job" "refresh" {
  name             = "catalog-refresh"
  description      = "Starts the nightly refresh of the catalog."
  region           = var.region
  schedule         = var.refresh_schedule
  time_zone        = var.time_zone
  attempt_deadline = "180s"
  paused           = var.refresh_paused

  # Starting twice does no harm: the newer refresh continues, and the older one exits with a message.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.refresh.id}:run"

    oauth_token {
      service_account_email = google_service_account.scheduler.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.scheduler_runs_refresh]
}
