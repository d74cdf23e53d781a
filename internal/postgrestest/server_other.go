//go:build !linux

package postgrestest

import "testing"

// Database starts a server on Linux only.
func Database(t testing.TB) string {
	t.Helper()
	t.Skip("the tests start PostgreSQL on Linux only")
	return ""
}

// Dump has no server to read.
func Dump(testing.TB, string) map[string][]byte { return nil }

// Stop has nothing to end.
func Stop() {}
