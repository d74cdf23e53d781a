//go:build !prove

package web_test

// scannedLinks is how many links each scanner meets, of each kind.
const scannedLinks = 2
