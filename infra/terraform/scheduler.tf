# The sweeper has no job here: its schedule stands in functions/main.py, and firebase deploy makes the job for it.
resource "google_cloud_scheduler_job" "refresh" {
  name             = "catalog-refresh"
  description      = "Starts the nightly refresh of the catalog."
  region           = var.region
  schedule         = var.refresh_schedule
  time_zone        = var.time_zone
  attempt_deadline = "180s"

  # Starting twice does no harm: of two refreshes the later one goes on, the other says so and ends.
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
