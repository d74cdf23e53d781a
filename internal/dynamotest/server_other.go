//go:build !linux

package dynamotest

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Main is needed on Linux only.
func Main() {}

// Table starts a server on Linux only.
func Table(t testing.TB) string {
	t.Helper()
	t.Skip("the tests start DynamoDB on Linux only")
	return ""
}

// CreateTable has no server to make it on.
func CreateTable(context.Context, string, string, string) error { return nil }

// Dump has no server to read.
func Dump(testing.TB, string) map[string][]byte { return nil }

// Settings are of no server.
func Settings() aws.Config { return aws.Config{} }

// Client is of no server.
func Client() *dynamodb.Client { return nil }

// Endpoint is of no server.
func Endpoint() string { return "" }

// Environment is of no server.
func Environment() string { return "" }

// Stop has nothing to end.
func Stop() {}
