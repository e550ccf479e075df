terraform {
  required_version = ">= 1.7, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    # Only for what has no other provider: that the project and its buckets belong to Firebase.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
  }

  # The bucket is named when Terraform is initialised: a state for every project.
  backend "gcs" {
    prefix = "closetspace"
  }
}

provider "google" {
  project = var.project
  region  = var.region
  # Firebase and billing refuse a person's credentials that name no project to count against.
  user_project_override = true
  billing_project       = var.project
}

provider "google-beta" {
  project               = var.project
  region                = var.region
  user_project_override = true
  billing_project       = var.project
}

data "google_project" "this" {
  project_id = var.project

  depends_on = [google_project_service.used]
}
