// Package postgrestest gives tests a real PostgreSQL server, one for each test binary: with a cluster of its own that
// listens on a Unix socket in its own directory, and dies with the tests. Call [Stop] at the end of TestMain.
package postgrestest
