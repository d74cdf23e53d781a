# The store, unless store_secret_arn names a PostgreSQL. The portal makes no table: this is its whole shape
# (internal/store/dynamo.go says what is in it).
resource "aws_dynamodb_table" "store" {
  count                       = local.postgres ? 0 : 1
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = true

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled = true
  }
}

# deploy/iam/dynamodb.json
resource "aws_iam_role_policy" "store" {
  count  = local.postgres ? 0 : 1
  name   = "store"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.store[0].json
}

data "aws_iam_policy_document" "store" {
  count = local.postgres ? 0 : 1
  statement {
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:Query",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
      "dynamodb:ConditionCheckItem",
    ]
    resources = [aws_dynamodb_table.store[0].arn]
  }
}
