output "load_balancer" {
  description = "Where the DNS record of public_url points to."
  value       = aws_lb.portal.dns_name
}

output "client_id" {
  description = "The app client that was made."
  value       = aws_cognito_user_pool_client.portal.id
}

output "security_group" {
  description = "Of the nodes: let it reach the database."
  value       = aws_security_group.nodes.id
}
