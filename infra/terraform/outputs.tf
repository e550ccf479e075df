output "photos_bucket" {
  description = "The bucket of people's photos, the frontend's storageBucket."
  value       = google_storage_bucket.photos.name
}

output "store" {
  description = "The store of catalog and index, for the option --store of closetspace."
  value       = "gs://${google_storage_bucket.catalog.name}"
}

output "firebase_config" {
  description = "The frontend's firebaseConfig, as JSON; none of it is secret."
  value = jsonencode({
    apiKey            = data.google_firebase_web_app_config.frontend.api_key
    appId             = google_firebase_web_app.frontend.app_id
    authDomain        = data.google_firebase_web_app_config.frontend.auth_domain
    messagingSenderId = data.google_firebase_web_app_config.frontend.messaging_sender_id
    projectId         = var.project
    storageBucket     = google_storage_bucket.photos.name
  })
}

output "functions_env" {
  description = "Settings of the functions, which the deployment writes to functions/.env.PROJECT."
  value = join("", [
    for name, value in merge(
      var.functions_settings,
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

output "pipeline" {
  description = "The variables GOOGLE_IDENTITY_PROVIDER and GOOGLE_DEPLOY_ACCOUNT of GitHub's environment."
  value = {
    for name, provider in google_iam_workload_identity_pool_provider.pipeline :
    name => { GOOGLE_IDENTITY_PROVIDER = provider.name, GOOGLE_DEPLOY_ACCOUNT = google_service_account.deploy[name].email }
  }
}
