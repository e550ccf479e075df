# Its value is never in Terraform's state: gcloud secrets versions add scrapfly-key --data-file=-
resource "google_secret_manager_secret" "scrapfly_key" {
  secret_id = "scrapfly-key"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.used]
}
