//go:build prove

package web_test

// scannedLinks is how many links each scanner meets, of each kind, with "go test -tags prove".
const scannedLinks = 200
