variable "jit" {
  description = "Path of a file with the output of `jit policy iam`"
  type        = string
}

variable "permissions" {
  description = "For each role's ARN the ARNs of the managed policies that it has"
  type        = map(list(string))
  default     = {}
}

variable "retention_days" {
  description = "For how many days no record can be removed, by anybody"
  type        = number
  default     = 365

  validation {
    condition     = var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is a whole number from 1."
  }
}
