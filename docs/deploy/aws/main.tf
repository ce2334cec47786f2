# What AWS must have in place for a policy of jit's, from the output of
# `jit policy iam`. See docs/deploy/README.md.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  jit = jsondecode(file(var.jit))

  # A role's ARN ends in its path and its name.
  roles = {
    for role in local.jit.roles : role.role_arn => {
      name     = element(split("/", role.role_arn), length(split("/", role.role_arn)) - 1)
      path     = length(split("/", role.role_arn)) > 2 ? "/${join("/", slice(split("/", role.role_arn), 1, length(split("/", role.role_arn)) - 1))}/" : "/"
      max      = role.max_session_duration
      trust    = jsonencode(role.trust_policy)
      no_chain = jsonencode(role.no_chaining_policy)
    }
  }

  permissions = merge([
    for arn, policies in var.permissions : { for policy in policies : "${arn} ${policy}" => { role = arn, policy = policy } }
  ]...)

  log = try(local.jit.log, null)
}

resource "aws_iam_role" "jit" {
  for_each = local.roles

  name                 = each.value.name
  path                 = each.value.path
  assume_role_policy   = each.value.trust
  max_session_duration = each.value.max
}

resource "aws_iam_role_policy" "no_chaining" {
  for_each = local.roles

  name   = "jit-no-chaining"
  role   = aws_iam_role.jit[each.key].name
  policy = each.value.no_chain
}

resource "aws_iam_role_policy_attachment" "permissions" {
  for_each = local.permissions

  role       = aws_iam_role.jit[each.value.role].name
  policy_arn = each.value.policy
}

resource "aws_s3_bucket" "log" {
  count = local.log == null ? 0 : 1

  bucket              = local.log.bucket
  object_lock_enabled = true

  lifecycle {
    prevent_destroy = true
  }
}

# Object Lock needs versions, and keeps each of them for as long as it says.
resource "aws_s3_bucket_versioning" "log" {
  count = local.log == null ? 0 : 1

  bucket = aws_s3_bucket.log[0].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "log" {
  count = local.log == null ? 0 : 1

  bucket = aws_s3_bucket.log[0].id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.log]
}

resource "aws_s3_bucket_public_access_block" "log" {
  count = local.log == null ? 0 : 1

  bucket                  = aws_s3_bucket.log[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "log" {
  count = local.log == null ? 0 : 1

  bucket = aws_s3_bucket.log[0].id
  policy = jsonencode(local.log.bucket_policy)
}
