//go:build prove

package store_test

// How many race, and how often processes are killed, with "go test -tags prove".
const (
	crowd = 1000
	kills = 10
)
