# What is promised, and alerts that say how fast the promise is being broken, after
# https://sre.google/workbook/alerting-on-slos/ ("Multiwindow, Multi-Burn-Rate Alerts").
locals {
  objectives = {
    recommend-fast = {
      name = "Recommendations within 500 ms"
      goal = 0.995
      # The platform measures milliseconds, from the arrival of a request at Google's front end.
      filter = "metric.type=\"run.googleapis.com/request_latencies\" resource.type=\"cloud_run_revision\" resource.labels.service_name=\"recommend\""
      bound  = 500
    }
    photos-ready = {
      name   = "Photos ready within 30 s"
      goal   = 0.99
      filter = "metric.type=\"logging.googleapis.com/user/closetspace_item_settled_seconds\" resource.type=\"cloud_run_revision\""
      bound  = 30
    }
  }

  # A burn rate of 1 uses up the tolerated failures of 28 days in 28 days. The short window ends an alert soon after the
  # cause has ended.
  burn_windows = {
    fast = { rate = 14.4, windows = ["3600s", "300s"], severity = "CRITICAL", spent = "2 % of 28 days' tolerated failures in an hour" }
    slow = { rate = 6, windows = ["21600s", "1800s"], severity = "ERROR", spent = "5 % of 28 days' tolerated failures in six hours" }
  }

  burn_alerts = {
    for pair in setproduct(keys(local.objectives), keys(local.burn_windows)) :
    "${pair[0]}-${pair[1]}" => merge(local.burn_windows[pair[1]], { objective = pair[0], speed = pair[1] })
  }
}

resource "google_monitoring_custom_service" "closetspace" {
  service_id   = "closetspace"
  display_name = "Closetspace"

  depends_on = [google_project_service.used]
}

resource "google_monitoring_slo" "objective" {
  for_each = local.objectives

  service             = google_monitoring_custom_service.closetspace.service_id
  slo_id              = each.key
  display_name        = each.value.name
  goal                = each.value.goal
  rolling_period_days = 28

  request_based_sli {
    distribution_cut {
      distribution_filter = each.value.filter

      range {
        min = 0
        max = each.value.bound
      }
    }
  }

  depends_on = [google_logging_metric.measured]
}

resource "google_monitoring_alert_policy" "burn" {
  for_each = local.burn_alerts

  display_name          = "Closetspace: ${local.objectives[each.value.objective].name} (${each.value.speed} burn)"
  combiner              = "AND"
  severity              = each.value.severity
  notification_channels = [google_monitoring_notification_channel.email.id]

  dynamic "conditions" {
    for_each = each.value.windows

    content {
      display_name = "burn rate over ${conditions.value}"

      condition_threshold {
        filter          = "select_slo_burn_rate(\"${google_monitoring_slo.objective[each.value.objective].name}\", \"${conditions.value}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.rate
        duration        = "0s"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.spent}. What to do: docs/operating.md, \"${local.objectives[each.value.objective].name}\"."
  }

  alert_strategy {
    auto_close = "86400s"
  }
}
