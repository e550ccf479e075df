# What the logs say and the platform does not measure. The lines are written by `closetspace.log_labels.event`;
# tests/deployment/test_metrics.py compares the names here with lines of the running code.
locals {
  from_functions = "resource.type=\"cloud_run_revision\""
  from_refresh   = "resource.type=\"cloud_run_job\" resource.labels.job_name=\"${google_cloud_run_v2_job.refresh.name}\""

  counted_events = {
    items_unsettled  = { event = "item_unsettled", description = "Items that the sweeper could not settle." }
    items_given_up   = { event = "item_given_up", description = "Items that failed repeatedly through a fault of ours." }
    items_failed     = { event = "item_failed", description = "Items that failed, for example because the photo can't be read." }
    removals_refused = { event = "removal_refused", description = "Sweeps that removed no photos because items are lost." }
    photos_removed   = { event = "photo_removed", description = "Photos and thumbnails that the sweeper removed because no item names them." }
    embeddings       = { event = "item_embedded", description = "Photos that were embedded." }
  }

  measured_events = {
    item_settled_seconds     = { event = "item_settled", value = "seconds", unit = "s", description = "Time from a change of an item, or from the upload of its photo, until it is ready or has failed." }
    item_attempts            = { event = "item_ready", value = "attempts", unit = "1", description = "Attempts until an item is ready." }
    oldest_unsettled_seconds = { event = "swept", value = "oldest_unsettled_seconds", unit = "s", description = "Age of the oldest item that a sweep found unsettled; 0 if there was none." }
    index_age_hours          = { event = "index_age", value = "hours", unit = "h", description = "Time since the index in use was published, every ten minutes." }
  }

  seconds = [0, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 172800]
  hours   = [0, 1, 2, 4, 8, 12, 24, 36, 48, 72, 96, 168, 336, 720]

  # Of the report that the job prints last (catalog_jobs/catalog/run_records.py).
  refresh_counts = ["new", "gone", "changed_price", "embedded", "failed", "seconds"]
}

resource "google_logging_metric" "counted" {
  for_each = local.counted_events

  name        = "closetspace_${each.key}"
  description = each.value.description
  filter      = "${local.from_functions} jsonPayload.event=\"${each.value.event}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.used]
}

resource "google_logging_metric" "measured" {
  for_each = local.measured_events

  name            = "closetspace_${each.key}"
  description     = each.value.description
  filter          = "${local.from_functions} jsonPayload.event=\"${each.value.event}\""
  value_extractor = "EXTRACT(jsonPayload.${each.value.value})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }

  # What an objective or an alert compares with is a bound, so that nothing is interpolated.
  bucket_options {
    explicit_buckets {
      bounds = each.value.unit == "h" ? local.hours : local.seconds
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_logging_metric" "refresh" {
  for_each = toset(local.refresh_counts)

  name            = "closetspace_refresh_${each.key}"
  description     = "The field \"${each.key}\" of each refresh's report."
  filter          = "${local.from_refresh} jsonPayload.version:* jsonPayload.${each.key}>=0"
  value_extractor = "EXTRACT(jsonPayload.${each.key})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 64
      growth_factor      = 1.4
      scale              = 1
    }
  }

  depends_on = [google_project_service.used]
}
