output "photos_bucket" {
  description = "The bucket of people's photos, the frontend's storageBucket."
  value       = google_storage_bucket.photos.name
}

output "store" {
  description = "The store of catalog and index, for the option --store of closetspace."
  value       = "gs://${google_storage_bucket.catalog.name}"
}

output "functions_env" {
  description = "Settings of the functions, which the deployment writes to functions/.env.PROJECT."
  value = join("", [
    for name, value in merge(
      {
        CLOSETSPACE_REGION = var.region
        INDEX_STORE        = "gs://${google_storage_bucket.catalog.name}"
        PHOTO_BUCKET       = google_storage_bucket.photos.name
        SERVICE_ACCOUNT    = google_service_account.functions.email
      },
      var.encoder == "" ? {} : { ENCODER = var.encoder },
      local.is_traced ? { TRACE_SHARE = var.trace_share } : {},
    ) : "${name}=${value}\n"
  ])
}
