locals {
  run = "monitored_resource=\"cloud_run_revision\""
  own = "logging_googleapis_com:user_closetspace"

  charts = [
    { title = "Requests per second, by function", queries = ["sum by (service_name) (rate(run_googleapis_com:request_count{${local.run}}[5m]))"] },
    { title = "Errors per second, by function", queries = ["sum by (service_name) (rate(run_googleapis_com:request_count{${local.run},response_code_class=\"5xx\"}[5m]))"] },
    { title = "Latency of recommend: median, 99 % (ms)", queries = [for q in ["0.5", "0.99"] : "histogram_quantile(${q}, sum by (le) (rate(run_googleapis_com:request_latencies_bucket{${local.run},service_name=\"recommend\"}[10m])))"] },
    { title = "From upload to ready: median, 99 % (s)", queries = [for q in ["0.5", "0.99"] : "histogram_quantile(${q}, sum by (le) (rate(${local.own}_item_settled_seconds_bucket{${local.run}}[30m])))"] },
    { title = "Age of the oldest unsettled item (s)", queries = ["max(histogram_quantile(1, sum by (le) (increase(${local.own}_oldest_unsettled_seconds_bucket{${local.run}}[20m]))))"] },
    { title = "Attempts per item that got ready", queries = ["sum(rate(${local.own}_item_attempts_sum{${local.run}}[1h])) / sum(rate(${local.own}_item_attempts_count{${local.run}}[1h]))"] },
    { title = "Items per hour: embedded, failed, given up, unsettled", queries = [for name in ["embeddings", "items_failed", "items_given_up", "items_unsettled"] : "sum(increase(${local.own}_${name}{${local.run}}[1h]))"] },
    { title = "Age of the index (h)", queries = ["histogram_quantile(1, sum by (le) (increase(${local.own}_index_age_hours_bucket{${local.run}}[30m])))"] },
    { title = "Refresh: items by what happened to them", queries = [for name in local.refresh_counts : "sum(increase(${local.own}_refresh_${name}_sum{monitored_resource=\"cloud_run_job\"}[1d]))" if name != "seconds"] },
    { title = "Refresh: seconds", queries = ["sum(increase(${local.own}_refresh_seconds_sum{monitored_resource=\"cloud_run_job\"}[1d]))"] },
    { title = "Cost: instance time per second, by function", queries = ["sum by (service_name) (rate(run_googleapis_com:container_billable_instance_time{${local.run}}[10m]))"] },
    { title = "Cost: instances, by function", queries = ["sum by (service_name) (run_googleapis_com:container_instance_count{${local.run}})"] },
    { title = "Cost: Firestore's reads, writes and deletions per second", queries = [for name in ["read", "write", "delete"] : "sum(rate(firestore_googleapis_com:document_${name}_count[10m]))"] },
    { title = "Cost: bytes sent per second, by bucket", queries = ["sum by (bucket_name) (rate(storage_googleapis_com:network_sent_bytes_count[10m]))"] },
  ]

  columns     = 48
  tile_width  = 24
  tile_height = 16

  chart_tiles = [
    for i, chart in local.charts : {
      xPos   = (i % 2) * local.tile_width
      yPos   = floor(i / 2) * local.tile_height
      width  = local.tile_width
      height = local.tile_height
      widget = {
        title = chart.title
        xyChart = {
          dataSets = [for query in chart.queries : { plotType = "LINE", timeSeriesQuery = { prometheusQuery = query } }]
        }
      }
    }
  ]

  # The versions of the index that instances have loaded, and errors with their tracebacks.
  log_tiles = [
    for i, panel in [
      { title = "Versions of the index that instances load", filter = "jsonPayload.event=\"index_loaded\"" },
      { title = "Errors", filter = "severity>=ERROR jsonPayload.logger:*" },
      ] : {
      xPos   = i * local.tile_width
      yPos   = ceil(length(local.charts) / 2) * local.tile_height
      width  = local.tile_width
      height = local.tile_height
      widget = { title = panel.title, logsPanel = { filter = panel.filter, resourceNames = ["projects/${var.project}"] } }
    }
  ]
}

resource "google_monitoring_dashboard" "closetspace" {
  dashboard_json = jsonencode({
    displayName  = "Closetspace"
    mosaicLayout = { columns = local.columns, tiles = concat(local.chart_tiles, local.log_tiles) }
  })

  depends_on = [google_logging_metric.measured, google_logging_metric.counted, google_logging_metric.refresh]
}
