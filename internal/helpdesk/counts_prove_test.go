//go:build prove

package helpdesk_test

// What "go test -tags prove" tries.
const (
	browsers = 1000
	freezes  = 1000
	accounts = 10_000
)
