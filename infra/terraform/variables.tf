variable "project" {
  description = "Id of the Google Cloud project, which is Closetspace's alone."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where the functions, the job and the buckets are."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "firestore_location" {
  description = "Where the database is, for ever; the triggers listen there, so it is the functions' region."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|nam5|eur3)$", var.firestore_location))
    error_message = "A location of Firestore is a region such as us-central1, or nam5 or eur3."
  }
}

variable "image" {
  description = "The catalog job's image with its tag, as the deployment has built it; none while only the foundation is made."
  type        = string
  default     = ""

  validation {
    condition     = var.image == "" || can(regex("^[a-z0-9.-]+/.+:[A-Za-z0-9_.-]+$", var.image))
    error_message = "An image is named with its registry and its tag."
  }
}

variable "alert_email" {
  description = "Who is told when something is wrong."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alert_email))
    error_message = "Alerts need the e-mail address of somebody who reads them."
  }
}

variable "billing_account" {
  description = "Billing account that the budget watches, as 012345-6789AB-CDEF01; none for no budget."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "A billing account looks like 012345-6789AB-CDEF01."
  }
}

variable "budget" {
  description = "What a month may cost before somebody is told, in the billing account's currency."
  type        = number
  default     = 50

  validation {
    condition     = var.budget >= 1 && floor(var.budget) == var.budget
    error_message = "A budget is a whole number from 1."
  }
}

variable "encoder" {
  description = "The setting ENCODER of functions and job, which have to agree; none for the one that the code ships."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9-]*$", var.encoder))
    error_message = "An encoder is named as its folder in shared/closetspace/models."
  }
}

variable "refresh_schedule" {
  description = "When the catalog is refreshed, as cron has it."
  type        = string
  default     = "0 3 * * *"

  validation {
    condition     = length(split(" ", var.refresh_schedule)) == 5
    error_message = "A schedule has five fields, such as 0 3 * * *."
  }
}

variable "time_zone" {
  description = "Time zone of the schedule: the shops' night."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "A time zone looks like Europe/Berlin."
  }
}

variable "refresh_tasks" {
  description = "Tasks of one refresh, each of which embeds its share of what changed, all at the same time."
  type        = number
  default     = 1

  validation {
    condition     = var.refresh_tasks >= 1 && var.refresh_tasks <= 10000 && floor(var.refresh_tasks) == var.refresh_tasks
    error_message = "Cloud Run has from 1 to 10,000 tasks a job."
  }
}

variable "refresh_hours" {
  description = "Hours that a task may take before it is stopped and started again, where it goes on."
  type        = number
  default     = 6

  validation {
    condition     = var.refresh_hours >= 1 && var.refresh_hours <= 24
    error_message = "A refresh is nightly: from 1 to 24 hours."
  }
}

variable "refresh_memory" {
  description = "Memory of a task: 2 GB for pictures that wait, and four times the index for building one."
  type        = string
  default     = "4Gi"

  validation {
    condition     = can(regex("^([4-9]|[12][0-9]|3[0-2])Gi$", var.refresh_memory))
    error_message = "From 4Gi to 32Gi."
  }
}

variable "refresh_cpu" {
  description = "Processors of a task; each embeds about 150 pictures a second. More than 8Gi of memory needs 4, more than 16Gi 6, more than 24Gi 8."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 4, 6, 8], var.refresh_cpu)
    error_message = "2, 4, 6 or 8."
  }
}

variable "scrapfly" {
  description = "Whether the job gets the key of Scrapfly; only once the secret scrapfly-key has a version."
  type        = bool
  default     = false
}

variable "contact" {
  description = "Address that shops find in our crawler's name, to complain to; none for the alerts' address."
  type        = string
  default     = ""

  validation {
    condition     = var.contact == "" || can(regex("^(https://|[^@ ]+@)[^ ]+$", var.contact))
    error_message = "A contact is an e-mail address or an https:// page."
  }
}

variable "backup_days" {
  description = "Days that daily backups of Firestore are kept, and with them what people have deleted; 0 for no backups."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "From 0 to 98 days."
  }
}

variable "version_days" {
  description = "Days that a replaced or deleted object of the catalog's bucket can still be brought back."
  type        = number
  default     = 14

  validation {
    condition     = var.version_days >= 1 && floor(var.version_days) == var.version_days
    error_message = "At least one day."
  }
}
