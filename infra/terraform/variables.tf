variable "project" {
  description = "The id of the Google Cloud project, which has nothing else in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "The region of functions, job and buckets."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "firestore_location" {
  description = "The location of the database, which can't be changed later. The triggers are there, so use the functions' region."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|nam5|eur3)$", var.firestore_location))
    error_message = "A location of Firestore is a region such as us-central1, or nam5 or eur3."
  }
}

variable "image" {
  description = "The catalog job's image with its tag; empty while only the foundation is created."
  type        = string
  default     = ""

  validation {
    condition     = var.image == "" || can(regex("^[a-z0-9.-]+/.+:[A-Za-z0-9_.-]+$", var.image))
    error_message = "An image has its registry and its tag."
  }
}

variable "alert_email" {
  description = "The e-mail address for alerts."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alert_email))
    error_message = "Alerts need a valid e-mail address."
  }
}

variable "billing_account" {
  description = "The billing account of the budget, such as 012345-6789AB-CDEF01; empty for no budget."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "A billing account looks like 012345-6789AB-CDEF01."
  }
}

variable "budget" {
  description = "The costs of a month that send an e-mail, in the billing account's currency."
  type        = number
  default     = 50

  validation {
    condition     = var.budget >= 1 && floor(var.budget) == var.budget
    error_message = "A budget is a whole number from 1."
  }
}

variable "encoder" {
  description = "The setting ENCODER, the same for functions and job; empty for the default of the code."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9-]*$", var.encoder))
    error_message = "An encoder has the name of its folder in shared/closetspace/models."
  }
}

variable "functions_settings" {
  description = "Other environment variables of the functions, such as EMBEDDING_INSTANCES."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.functions_settings : can(regex("^[A-Z][A-Z_]*$", name)) && can(regex("^[^\\s\"'#\\\\]*$", value))])
    error_message = "Names of settings are capitals and underscores, and values have no blanks, line breaks, quotation marks, # or backslashes."
  }
}

variable "github_repository_id" {
  description = "The number of the GitHub repository whose workflow deploys (gh api repos/OWNER/NAME --jq .id); empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.github_repository_id))
    error_message = "The repository's id is a number. Its name could be taken by someone else after it is given up."
  }
}

variable "github_environment" {
  description = "The environment of that repository whose protection rules apply to the workflow, and the only one that may deploy here."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "An environment has letters, digits, hyphens and underscores."
  }
}

variable "github_branch" {
  description = "The branch of that repository that may be deployed."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "The branch has no spaces and no quotation marks."
  }
}

variable "refresh_schedule" {
  description = "The schedule of the refresh, in cron's format."
  type        = string
  default     = "0 3 * * *"

  validation {
    condition     = length(split(" ", var.refresh_schedule)) == 5
    error_message = "A schedule has five fields, such as 0 3 * * *."
  }
}

variable "time_zone" {
  description = "The time zone of the schedule; refresh at night, when shops have few visitors."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "A time zone looks like Europe/Berlin."
  }
}

variable "refresh_paused" {
  description = "Whether the schedule is paused: without shops a refresh has nothing to read, and fails."
  type        = bool
  default     = false
}

variable "refresh_tasks" {
  description = "The parallel tasks of one refresh, each of which embeds its share of the changed items."
  type        = number
  default     = 1

  validation {
    condition     = var.refresh_tasks >= 1 && var.refresh_tasks <= 10000 && floor(var.refresh_tasks) == var.refresh_tasks
    error_message = "A Cloud Run job has 1 to 10,000 tasks."
  }
}

variable "refresh_hours" {
  description = "The hours after which a task is stopped and started again; it continues where it stopped."
  type        = number
  default     = 6

  validation {
    condition     = var.refresh_hours >= 1 && var.refresh_hours <= 24
    error_message = "From 1 to 24 hours."
  }
}

variable "refresh_memory" {
  description = "The memory of a task: 2 GB for pictures in progress, and four times the size of the index to build it."
  type        = string
  default     = "4Gi"

  validation {
    condition     = can(regex("^([4-9]|[12][0-9]|3[0-2])Gi$", var.refresh_memory))
    error_message = "From 4Gi to 32Gi."
  }
}

variable "refresh_cpu" {
  description = "The processors of a task; each embeds about 150 pictures per second. More than 8Gi of memory need 4, more than 16Gi 6, more than 24Gi 8."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 4, 6, 8], var.refresh_cpu)
    error_message = "2, 4, 6 or 8."
  }
}

variable "scrapfly" {
  description = "Whether the job gets the key of Scrapfly; the secret scrapfly-key must have a version."
  type        = bool
  default     = false
}

variable "contact" {
  description = "The contact in our crawler's user agent, for complaints of shops; empty for the alerts' address."
  type        = string
  default     = ""

  validation {
    condition     = var.contact == "" || can(regex("^(https://|[^@ ]+@)[^ ]+$", var.contact))
    error_message = "A contact is an e-mail address or an https:// page."
  }
}

variable "backup_days" {
  description = "The days for which daily backups of Firestore are kept, and with them the data that people have deleted; 0 for no backups."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "From 0 to 98 days."
  }
}

variable "point_in_time_recovery" {
  description = "Whether Firestore keeps what was changed or deleted for seven days, so that any minute of them can be restored."
  type        = bool
  default     = true
}

variable "version_days" {
  description = "The days for which replaced and deleted objects of the catalog's bucket can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.version_days >= 1 && floor(var.version_days) == var.version_days
    error_message = "At least one day."
  }
}

variable "trace_share" {
  description = "The share of requests that are traced, from 0 (none) to 1 (all)."
  type        = number
  default     = 0

  validation {
    condition     = var.trace_share >= 0 && var.trace_share <= 1
    error_message = "From 0 to 1."
  }
}
