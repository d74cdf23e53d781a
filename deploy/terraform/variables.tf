variable "name" {
  description = "What everything is called."
  type        = string
  default     = "portal"
}

variable "user_pool_id" {
  description = "The user pool, eu-central-1_AbCdEf123. It is not changed; an app client of its own is added."
  type        = string
}

variable "public_url" {
  description = "Where people reach the portal, https://mfa.example.com. Its DNS record points to load_balancer."
  type        = string
}

variable "brand" {
  description = "The organisation's name, on every page and in people's apps."
  type        = string
}

variable "certificate_arn" {
  description = "The certificate for that name, in ACM."
  type        = string
}

variable "image" {
  description = "The image built from deploy/Containerfile, for arm64."
  type        = string
}

variable "vpc_id" {
  type = string
}

variable "public_subnet_ids" {
  description = "Of the load balancer."
  type        = list(string)
}

variable "private_subnet_ids" {
  description = "Of the nodes. They reach Cognito through a NAT gateway, and the database."
  type        = list(string)
}

variable "session_keys_secret_arn" {
  description = "A secret in Secrets Manager whose text is what \"portal keys\" prints."
  type        = string
}

variable "store_secret_arn" {
  description = "A secret whose text is postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full. Empty: a DynamoDB table is made."
  type        = string
  default     = ""
}

variable "nodes" {
  type    = number
  default = 2
}

variable "settings" {
  description = "More settings, by name: docs/configuration.md."
  type        = map(string)
  default     = {}
}
