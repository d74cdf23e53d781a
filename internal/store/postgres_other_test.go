//go:build !linux

package store_test

import "testing"

// postgresDatabase starts a server on Linux only.
func postgresDatabase(t testing.TB) string {
	t.Helper()
	t.Skip("the tests start PostgreSQL on Linux only")
	return ""
}

func stopPostgres() {}
