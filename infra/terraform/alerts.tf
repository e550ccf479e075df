resource "google_monitoring_notification_channel" "email" {
  display_name = "Closetspace's operator"
  type         = "email"
  labels = {
    email_address = var.alert_email
  }

  depends_on = [google_project_service.used]
}

locals {
  requests  = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\"}"
  errors    = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",response_code_class=\"5xx\"}"
  swept     = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"sweep\",response_code_class=\"2xx\"}"
  failed    = "run_googleapis_com:job_completed_execution_count{monitored_resource=\"cloud_run_job\",job_name=\"${google_cloud_run_v2_job.refresh.name}\",result=\"failed\"}"
  succeeded = "run_googleapis_com:job_completed_execution_count{monitored_resource=\"cloud_run_job\",job_name=\"${google_cloud_run_v2_job.refresh.name}\",result=\"succeeded\"}"
  index_age = "logging_googleapis_com:user_closetspace_index_age_hours_bucket{monitored_resource=\"cloud_run_revision\"}"
  unsettled = "logging_googleapis_com:user_closetspace_items_unsettled{monitored_resource=\"cloud_run_revision\"}"
  given_up  = "logging_googleapis_com:user_closetspace_items_given_up{monitored_resource=\"cloud_run_revision\"}"
  refused   = "logging_googleapis_com:user_closetspace_removals_refused{monitored_resource=\"cloud_run_revision\"}"
  removed   = "logging_googleapis_com:user_closetspace_photos_removed{monitored_resource=\"cloud_run_revision\"}"

  # Without shops the refresh's schedule is paused, and the catalog is as old as it is.
  refresh_alerts = ["refresh_late", "index_old"]

  # In PromQL, because the platform's own conditions see only the last 24 hours.
  alerts = {
    function_errors = {
      name     = "Functions fail"
      severity = "ERROR"
      lasting  = "600s"
      # Single errors are no alarm, since events are delivered again: more than three in ten minutes, and one in fifty.
      query   = "sum by (service_name) (increase(${local.errors}[10m])) > 3 and sum by (service_name) (increase(${local.errors}[10m])) > 0.02 * sum by (service_name) (increase(${local.requests}[10m]))"
      meaning = "A function has answered with errors for at least ten minutes."
    }
    refresh_failed = {
      name     = "The refresh failed"
      severity = "WARNING"
      lasting  = "0s"
      query    = "sum(increase(${local.failed}[1h])) > 0"
      meaning  = "The catalog's refresh ended without publishing: it crashed, or a guard refused it. The old index stays in use."
    }
    refresh_late = {
      name     = "The refresh is late"
      severity = "WARNING"
      lasting  = "0s"
      # Only once the sweeper has run for as long, so that a new deployment is not late.
      query   = "(sum(increase(${local.succeeded}[36h])) or vector(0)) < 1 and on() sum(increase(${local.swept}[1h] offset 36h)) > 0"
      meaning = "No refresh has succeeded for 36 hours."
    }
    index_old = {
      name     = "The index is older than three days"
      severity = "ERROR"
      lasting  = "0s"
      query    = "histogram_quantile(1, sum by (le) (increase(${local.index_age}[1h]))) > 72"
      meaning  = "The index in use was published more than three days ago: recommendations may show products that shops no longer have."
    }
    items_unsettled = {
      name     = "Items stay unsettled"
      severity = "ERROR"
      lasting  = "0s"
      # In three of four sweeps: most items that one sweep cannot settle are settled by the next.
      query   = "count_over_time((sum(increase(${local.unsettled}[10m])) > 0)[40m:10m]) >= 3"
      meaning = "The sweeper repeatedly finds items that it can't settle: their owners wait for them."
    }
    items_given_up = {
      name     = "Items are given up"
      severity = "ERROR"
      lasting  = "0s"
      query    = "sum(increase(${local.given_up}[1h])) > 0"
      meaning  = "Items failed repeatedly through a fault of ours, and were marked as failed."
    }
    items_lost = {
      name     = "Items are lost"
      severity = "CRITICAL"
      lasting  = "0s"
      # In three of four sweeps: the states of many items that are just being deleted go a moment after them.
      query   = "count_over_time((sum(increase(${local.refused}[10m])) > 0)[40m:10m]) >= 3"
      meaning = "The database was emptied or restored, or has many states without an item. Until it is repaired, the sweeper removes no photos."
    }
    photos_removed = {
      name     = "Photos are removed"
      severity = "CRITICAL"
      lasting  = "0s"
      # A quarter of what the sweeper can look at in an hour: normally a few, which people leave behind.
      query   = "sum(increase(${local.removed}[1h])) > 300"
      meaning = "The sweeper removes many photos that no item names: items may have been lost, and photos can't be restored."
    }
    sweeper_silent = {
      name     = "The sweeper does not run"
      severity = "ERROR"
      # An hour in which it is true: a first deployment makes the alerts before the functions, and roles take minutes.
      lasting = "3600s"
      query   = "(sum(increase(${local.swept}[30m])) or vector(0)) < 1"
      meaning = "No sweep has succeeded for an hour and a half; one should run every ten minutes."
    }
  }
}

resource "google_monitoring_alert_policy" "alert" {
  for_each = { for name, alert in local.alerts : name => alert if !(var.refresh_paused && contains(local.refresh_alerts, name)) }

  display_name          = "Closetspace: ${each.value.name}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = each.value.name

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.lasting
      evaluation_interval = "60s"
      # Before the first refresh and the first request the metrics do not exist.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.meaning} What to do: docs/operating.md, \"${each.value.name}\"."
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_logging_metric.counted, google_logging_metric.measured]
}
