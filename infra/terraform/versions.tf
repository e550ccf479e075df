terraform {
  required_version = ">= 1.7, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    # Only for resources that the other provider lacks: the Firebase project and its buckets.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
  }

  # The bucket is set when Terraform is initialised, so that each project has its own state.
  backend "gcs" {
    prefix = "closetspace"
  }
}

provider "google" {
  project = var.project
  region  = var.region
  # Firebase and billing refuse user credentials without a quota project.
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
