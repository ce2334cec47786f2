output "roles" {
  description = "The ARNs of the roles"
  value       = [for role in aws_iam_role.jit : role.arn]
}

output "log" {
  description = "The ARN of the log's bucket, or null"
  value       = one(aws_s3_bucket.log[*].arn)
}
