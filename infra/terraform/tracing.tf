# Traces of requests are off unless `trace_share` says otherwise.
locals {
  is_traced = var.trace_share > 0
}

resource "google_project_service" "traces" {
  for_each = toset(local.is_traced ? ["cloudtrace.googleapis.com", "telemetry.googleapis.com"] : [])

  service            = each.key
  disable_on_destroy = false

  depends_on = [google_project_service.used]
}

# Reason: the functions send their spans to Cloud Trace, and can read none.
resource "google_project_iam_member" "traces" {
  count = local.is_traced ? 1 : 0

  project = var.project
  role    = "roles/telemetry.tracesWriter"
  member  = google_service_account.functions.member

  depends_on = [google_project_service.traces]
}
