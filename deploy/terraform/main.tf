# The portal on ECS Fargate behind a load balancer, with an app client of its own in your user pool.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

data "aws_region" "current" {}

# What "portal doctor" asks of an app client: SRP, 15 minutes for each step, the same answer for names that nobody has.
resource "aws_cognito_user_pool_client" "portal" {
  name                          = var.name
  user_pool_id                  = var.user_pool_id
  generate_secret               = true
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  auth_session_validity         = 15
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  access_token_validity         = 60
  refresh_token_validity        = 60
  token_validity_units {
    access_token  = "minutes"
    refresh_token = "minutes"
  }
}

resource "aws_secretsmanager_secret" "client" {
  name = "${var.name}-cognito-client-secret"
}

resource "aws_secretsmanager_secret_version" "client" {
  secret_id     = aws_secretsmanager_secret.client.id
  secret_string = aws_cognito_user_pool_client.portal.client_secret
}

resource "aws_cloudwatch_log_group" "portal" {
  name              = "/${var.name}"
  retention_in_days = 30
}

# Enrollment needs no IAM permission: with PostgreSQL the task role has none, and nobody can borrow any from it.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

# What ECS itself needs to start a node: its image, its log, its secrets.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "secrets" {
  name   = "secrets"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.secrets.json
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "secrets" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = concat([var.session_keys_secret_arn, aws_secretsmanager_secret.client.arn], local.postgres ? [var.store_secret_arn] : [])
  }
}

resource "aws_ecs_cluster" "portal" {
  name = var.name
}

locals {
  postgres = var.store_secret_arn != ""
  settings = merge({
    PORTAL_PUBLIC_URL             = var.public_url
    PORTAL_BRAND                  = var.brand
    PORTAL_LISTEN                 = "0.0.0.0:8080"
    PORTAL_TRUSTED_PROXIES        = join(",", data.aws_subnet.balancer[*].cidr_block)
    PORTAL_DRAIN_DELAY            = "15s"
    COGNITO_USER_POOL_ID          = var.user_pool_id
    COGNITO_CLIENT_ID             = aws_cognito_user_pool_client.portal.id
    COGNITO_AUTH_SESSION_VALIDITY = "15"
  }, local.postgres ? {} : { PORTAL_STORE = "dynamodb:${aws_dynamodb_table.store[0].name}" }, var.settings)
}

resource "aws_ecs_task_definition" "portal" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }
  container_definitions = jsonencode([{
    name                   = "portal"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "65532"
    portMappings           = [{ containerPort = 8080 }]
    stopTimeout            = 60
    environment            = [for name, value in local.settings : { name = name, value = value }]
    secrets = concat([
      { name = "PORTAL_SESSION_KEYS", valueFrom = var.session_keys_secret_arn },
      { name = "COGNITO_CLIENT_SECRET", valueFrom = aws_secretsmanager_secret.client.arn },
    ], local.postgres ? [{ name = "PORTAL_STORE", valueFrom = var.store_secret_arn }] : [])
    healthCheck = {
      command  = ["CMD", "/portal", "healthcheck"]
      interval = 10
      timeout  = 5
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.portal.name
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = "portal"
      }
    }
  }])
  depends_on = [aws_secretsmanager_secret_version.client]
}

resource "aws_ecs_service" "portal" {
  name            = var.name
  cluster         = aws_ecs_cluster.portal.id
  task_definition = aws_ecs_task_definition.portal.arn
  desired_count   = var.nodes
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = var.private_subnet_ids
    security_groups = [aws_security_group.nodes.id]
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.portal.arn
    container_name   = "portal"
    container_port   = 8080
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  depends_on = [aws_lb_listener.https]
}
